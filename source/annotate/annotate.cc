// SPDX-License-Identifier: Apache-2.0
#include "source/annotate/annotate.hh"

namespace snarl
{

annotation::annotation(project &project, json document, annotation_settings settings)
    : project_(project), settings_(std::move(settings)), locking_(project, std::move(document)),
      variables_(variable_rules(locking_)), functions_(function_rules(locking_)),
      order_(order_rules(locking_))
{
}

} // namespace snarl
