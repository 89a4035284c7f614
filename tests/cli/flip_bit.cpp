// flip_bit FILE ARRAY: changes one bit of an array in a checkpoint, whose hashes are right again afterwards.
#include <iostream>

#include "shoal/infer/checkpoint.hpp"
#include "shoal/io/file.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const std::string file = argv[1];
  shoal::Archive archive = shoal::parse_checkpoint(shoal::read_checkpoint(file), file);
  shoal::NamedArray array = archive.array(argv[2]);
  array.data.at(0) ^= std::byte{1};
  archive.put(array);
  shoal::FileBytes bytes;
  shoal::encode_checkpoint(archive, bytes);
  shoal::write_atomically(file, bytes);
  return 0;
}
