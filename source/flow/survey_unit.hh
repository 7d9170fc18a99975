// SPDX-License-Identifier: Apache-2.0
//
// The part of a survey that has a translation unit's tree at hand.
#ifndef SN_SOURCE_SURVEY_UNIT_HH
#define SN_SOURCE_SURVEY_UNIT_HH

#include "source/flow/survey.hh"

#include <set>
#include <string>
#include <vector>

namespace snarl
{

class unit_survey
{
  public:
    unit_survey(survey &whole, const unit &unit);
    void run();

  private:
    void visit(const clang::FunctionDecl *function);
    void record(const clang::FunctionDecl &function);
    const std::string &usr(const clang::FunctionDecl &function);
    const std::vector<effect> *effects(const clang::FunctionDecl &function);

    survey &whole_;
    const unit &unit_;
    std::map<const clang::FunctionDecl *, std::string> usrs_;
    std::map<std::string, const clang::FunctionDecl *> bodies_;
    std::map<std::string, std::vector<std::string>> callees_;
    std::set<std::string> done_;
};

// All functions with a body in the user's files, instances of templates and lambdas too, and what
// is done to functions other than calling them.
struct found_functions {
    std::vector<const clang::FunctionDecl *> bodies;
    std::vector<std::pair<const clang::FunctionDecl *, const clang::FunctionDecl *>>
        calls; // caller, callee
    std::vector<const clang::FunctionDecl *> thread_starts, address_taken;
    std::vector<const clang::Expr *> made_with_attributes; // mutexes, as operands name them
    std::vector<const clang::VarDecl *> made_recursive;    // by their initialiser
    std::set<const clang::FunctionDecl *> with_errors;
};
found_functions functions_of(const unit &unit);

// Fills in what the paths of the function tell.
void describe(const flow &flow, const clang::FunctionDecl &function,
              const clang::ASTContext &context, function_record &record);
// Waits that nothing around tests.
std::vector<loose_wait> loose_waits(const flow &flow, const std::vector<flow::event> &events,
                                    const clang::FunctionDecl &function,
                                    const clang::ASTContext &context);

std::string display_name(const clang::FunctionDecl &function);

} // namespace snarl

#endif
