#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shoal {

/// By the end of a file's name, without its folder; whether it can be read is seen later.
bool is_image_name(const std::string& name);

/// The images of a folder, by class and name, bytewise; classes that are all whole numbers as numbers.
struct ImageFolder {
  std::string path;
  std::vector<std::string> class_names;  ///< sorted; empty: the images lie in the folder itself
  std::vector<std::string> folders;      ///< that of each class, in `path`; empty where it has none
  std::vector<std::string> names;        ///< of files, without folder
  std::vector<std::int32_t> classes;     ///< of each file; 0 without classes

  std::string file(std::int64_t row) const;
  std::string name_below(std::int64_t row) const;  ///< of a file: its path below `path`, as messages write it
};

/// Says what it leaves out. A file is taken for an image alone, without a class.
/// @param class_names  those that there may be; empty: one for each folder
/// @throws Error(no_input) for no such folder; Error(bad_data) for one without images, for images beside folders, for
///         folders in a class's folder, and for a class that class_names lack
ImageFolder list_images(const std::string& folder, const std::vector<std::string>& class_names);

/// A warning where classes have no image; without classes nothing.
void say_empty_classes(const ImageFolder& images);

}  // namespace shoal
