#pragma once
#include <string>
#include <vector>

#include "host/analyse/difference.hpp"

namespace earshot::host {

/// The axes that distinguish conditions, fewest first: task if there is one, and of the others
/// those on which conditions differ that are alike on the axes before.
std::vector<std::string> telling_axes(const std::vector<Labels>& conditions);

/// "room mimi task.lr=0.1": labels as they are, options with their name.
std::string title_of(const Labels& condition, const std::vector<std::string>& axes);

/// `axes` with those partners (zips, a task's own dataset) that vary with them alone: over
/// tasks, the datasets that come with them.
std::vector<std::string> with_dependents(std::vector<std::string> axes,
                                         const std::vector<Condition>& conditions,
                                         const RecordedClaims& claims);

/// Without these axes.
Labels without(Labels labels, const std::vector<std::string>& axes);

/// The same for each of some axes: "mean over encoder: mfcc, log_mel"; "" without.
std::string averaged_text(const std::vector<const Condition*>& conditions,
                          const std::vector<std::string>& axes);

/// difference() and interaction(), where nothing keeps the samples from being compared; else the
/// reason replaces the interval, and there are no numbers.
Difference compare_samples(const std::vector<Sample>& samples,
                           const std::vector<std::string>& given = {});
Difference compare_gaps(const std::vector<Sample>& first, const std::vector<Sample>& second,
                        const std::vector<std::string>& given = {});

/// What has no numbers, and why.
Difference no_difference(const std::string& metric, const std::string& why);

}  // namespace earshot::host
