#pragma once
#include <string>
#include <vector>

#include "host/analyse/difference.hpp"

namespace earshot::host {

/// The fewest axes that distinguish the conditions: task if there is one, then those on which
/// conditions differ that agree on all axes before.
std::vector<std::string> telling_axes(const std::vector<Labels>& conditions);

/// "room mimi task.lr=0.1": labels as they are, options with their name.
std::string title_of(const Labels& condition, const std::vector<std::string>& axes);

/// `axes` together with those of their partners (zips, a task's own dataset) that vary only with
/// them: for tasks, also the datasets that come with them.
std::vector<std::string> with_dependents(std::vector<std::string> axes,
                                         const std::vector<Condition>& conditions,
                                         const Claims& claims);

/// Removes these axes.
Labels without(Labels labels, const std::vector<std::string>& axes);

/// What some axes are averaged over: "mean over encoder: mfcc, log_mel"; "" without averaging.
std::string averaged_text(const std::vector<const Condition*>& conditions,
                          const std::vector<std::string>& axes);

/// difference() and interaction(), if nothing prevents the samples from being compared; otherwise
/// the reason replaces the interval, and there are no numbers.
Difference compare_samples(const std::vector<Sample>& samples,
                           const std::vector<std::string>& given = {});
Difference compare_gaps(const std::vector<Sample>& first, const std::vector<Sample>& second,
                        const std::vector<std::string>& given = {});

/// A difference without numbers, and why there are none.
Difference no_difference(const std::string& metric, const std::string& why);

}  // namespace earshot::host
