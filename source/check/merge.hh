// SPDX-License-Identifier: Apache-2.0
//
// Findings of the source, beside those of a run. What both have is told once: the run's finding
// stays, and says that the source shows it, too.
#ifndef SN_SOURCE_MERGE_HH
#define SN_SOURCE_MERGE_HH

#include "source/json.hh"

#include <cstddef>

namespace snarl
{

struct merged {
    json report;
    std::size_t both = 0; // findings of the source that the run has, too
};

// Both are reports (snarl-report/1). Two findings are the same if their kinds are, and each place
// of the source's finding where a lock is taken, waited for or given back is in the run's: the same
// file and line. Of notes, processes and the rest the run's are kept.
merged merge(const json &run, const json &source);

} // namespace snarl

#endif
