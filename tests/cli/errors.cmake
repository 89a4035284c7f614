# Bad input, started as users do: the exit status, one line with the right words, no hang, and nothing lost.

set(files ${CMAKE_CURRENT_BINARY_DIR}/files)
add_test(NAME cli_files COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/make_files.sh $<TARGET_FILE:shoal> ${files})
set_tests_properties(cli_files PROPERTIES FIXTURES_SETUP cli_files LABELS error TIMEOUT 120
  ENVIRONMENT "OMP_NUM_THREADS=1;ASAN_OPTIONS=detect_leaks=0")

set(guarded ${CMAKE_CURRENT_SOURCE_DIR}/guarded.sh)
set(shoal $<TARGET_FILE:shoal>)
set(limited bash -c "ulimit -f 1000 && exec \"$@\"" limited)  # in KB: files cannot grow beyond, as on a full disk

# cli_error(NAME STATUS WORDS [AT ranks...] [WHILE_TRAINING] [LIMITED] [GUARD option...] COMMAND argument...)
# adds cli.<NAME>.np1 and cli.<NAME>.np3: `shoal argument...` in the folder of files. In arguments, @np@ is the number of
# ranks: runs named so are used at that number alone.
function(cli_error name status words)
  cmake_parse_arguments(error "WHILE_TRAINING;LIMITED" "" "AT;GUARD;COMMAND" ${ARGN})
  if(NOT error_AT)
    set(error_AT 1 3)
  endif()
  foreach(ranks ${error_AT})
    set(command ${shoal} ${error_COMMAND})
    if(error_LIMITED)
      set(command ${limited} ${command})
    endif()
    if(SHOAL_MPI)
      set(command ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${command})
    elseif(NOT ranks EQUAL 1)
      continue()
    endif()
    if(error_WHILE_TRAINING)
      set(command ${CMAKE_CURRENT_SOURCE_DIR}/while_training.sh ${shoal} config.toml busy${ranks} -- ${command})
    endif()
    if(error_GUARD OR error_LIMITED)
      set(command ${guarded} ${error_GUARD} -- ${command})
    endif()
    string(REPLACE "@np@" ${ranks} command "${command}")
    string(REPLACE "@np@" ${ranks} matches "${words}")
    set(test cli.${name}.np${ranks})
    shoal_expect_error(NAME ${test} STATUS ${status} MATCHES ${matches} COMMAND ${command})
    set(environment ${SHOAL_MPI_TEST_ENVIRONMENT})
    if(ranks EQUAL 1)  # mpirun would wait for this long before it kills the other ranks, which are none
      list(APPEND environment OMPI_MCA_odls_base_sigkill_timeout=0)
    endif()
    if(error_LIMITED)  # no file can hold what Open MPI 5 shares among ranks
      list(APPEND environment OMPI_MCA_shmem=sysv)
    endif()
    set_tests_properties(${test} PROPERTIES WORKING_DIRECTORY ${files} FIXTURES_REQUIRED cli_files PROCESSORS ${ranks}
      ENVIRONMENT "${environment}" RESOURCE_LOCK cli_runs_np${ranks})
  endforeach()
endfunction()

set(latest run/checkpoints/latest)
set(no_run GUARD --makes-no new@np@)
set(train COMMAND train config.toml --run new@np@)

# No such file
cli_error(no_data 66 "there is no file .*/missing.h5" ${no_run} ${train} --set data.file=missing.h5)
cli_error(folder_as_data 66 "cannot read .*: Is a directory; give the path of a file" ${no_run} ${train} --set data.file=.)
cli_error(no_start 66 "there is no file .*/missing.h5" ${no_run} ${train} --init-from missing.h5)
cli_error(no_config 66 "missing.toml" COMMAND train missing.toml)
cli_error(no_checkpoint 66 "missing.h5" COMMAND evaluate missing.h5 --data data.h5)
cli_error(no_run 66 "missing" COMMAND train --resume missing)
cli_error(no_split 65 "no split \"exam\"; there are test, train" COMMAND evaluate ${latest} --data data.h5 --split exam)
cli_error(no_csv 66 "missing.csv" GUARD --makes-no new@np@.h5 COMMAND import csv missing.csv -o new@np@.h5)
cli_error(label_gap 65 "gap.csv:3: label \"NA\" is no number.*--drop-unlabelled.*--classes" GUARD --makes-no new@np@.h5
  COMMAND import csv gap.csv --label y -o new@np@.h5)
cli_error(odd_first_row 65 "odd.csv:1: column 1 is \"x\" above numbers.*--header yes" GUARD --makes-no new@np@.h5
  COMMAND import csv odd.csv -o new@np@.h5)
cli_error(no_checkpoint_yet 66 "unstarted has no checkpoint to go on from" COMMAND train --resume unstarted)
foreach(use "train --resume" "train --replay" "train --resume auto --run" verify "inspect")
  string(MAKE_C_IDENTIFIER "${use}" name)
  separate_arguments(words UNIX_COMMAND "${use}")
  cli_error(sweep_as_run.${name} 66 "sweep holds a sweep and no run" AT 1
    COMMAND ${words} sweep)
endforeach()
cli_error(stop_of_a_sweep 64 "sweep holds a sweep, .*SIGUSR1.*shoal sweep --run sweep --resume" AT 1
  COMMAND nudge sweep --stop)
cli_error(empty_folder 66 "checkpoints is a folder without checkpoints" COMMAND inspect run/checkpoints)

# Not HDF5, cut short, one flipped bit
cli_error(text_as_data 65 "text.h5 is not an HDF5 file" ${no_run} ${train} --set data.file=text.h5)
cli_error(text_as_checkpoint 65 "text.h5" COMMAND predict text.h5 --data data.h5 --out new@np@.csv)
cli_error(data_as_checkpoint 65 "data.h5" COMMAND evaluate data.h5 --data data.h5)
cli_error(checkpoint_as_data 65 "latest: no data set" COMMAND evaluate ${latest} --data ${latest})
cli_error(cut_data 65 "cut.h5 is cut short" ${no_run} ${train} --set data.file=cut.h5)
foreach(damage cut_checkpoint flipped_checkpoint flipped_header)
  cli_error(${damage}.evaluate 65 "${damage}.h5" COMMAND evaluate ${damage}.h5 --data data.h5)
  cli_error(${damage}.inspect 65 "${damage}.h5" COMMAND inspect ${damage}.h5)
  cli_error(${damage}.resume 65 "${damage}.h5" ${no_run} COMMAND train --resume ${damage}.h5 --run new@np@)
endforeach()

# Data that does not fit, or that nobody can learn from
cli_error(wrong_shape 65 "features of shape .9., and .* was trained on .8." COMMAND evaluate ${latest} --data wide.h5)
cli_error(other_data 65 "other data" GUARD --keeps run@np@/checkpoints/latest
  COMMAND train --resume run@np@ --set data.file=wide.h5 --set train.epochs=2)
cli_error(label_high 65 "label_high.h5: train/y row 5 is 3, outside 0..2" ${no_run}
  ${train} --set data.file=label_high.h5)
cli_error(label_low 65 "label_low.h5: train/y row 6 is -1" ${no_run} ${train} --set data.file=label_low.h5)
cli_error(label_test 65 "label_test.h5: test/y row 7 is 99" COMMAND evaluate ${latest} --data label_test.h5)
cli_error(nan 65 "nan.h5: train/x row 11.*nan" ${no_run} ${train} --set data.file=nan.h5)
cli_error(nan_not_normalized 65 "nan.h5: train/x row 11.*nan" ${no_run}
  ${train} --set data.file=nan.h5 --set data.normalize=none)
cli_error(numbers_of_classes 64 "would learn the numbers of the classes of .*named.h5.*--regression" ${no_run}
  ${train} --set data.file=named.h5 --set model.loss=mse)
cli_error(one_class_of_two 64 "tells two classes or more apart, and y has one; use .softmax" ${no_run}
  ${train} --set data.file=one_class.h5 --set model.loss=sigmoid)
cli_error(infinite_evaluate 65 "nan_test.h5: test/x row 3.*inf" COMMAND evaluate ${latest} --data nan_test.h5)
cli_error(infinite_test 65 "nan_test.h5: test/x row 3.*inf" GUARD --makes-no new@np@.csv
  COMMAND predict ${latest} --data nan_test.h5 --out new@np@.csv)

cli_error(targets.train 65 "targets.h5: train/y row 2, output 0 is 4.5, and a sigmoid loss takes 0 to 1" ${no_run}
  ${train} --set data.file=targets.h5 --set model.loss=sigmoid)
cli_error(targets.sweep 65 "targets.h5: train/y row 2, output 0 is 4.5" ${no_run}
  COMMAND sweep config.toml --set data.file=targets.h5 --set model.loss=sigmoid --set data.validation=0
          --set sweep.metric=train.loss --set "sweep.space.\"optimizer.l2\"={min=0.0,max=0.1}" --run new@np@)
cli_error(not_finite.evaluate 76 "the loss of wild.* on split .test. of data.h5 is not finite"
  COMMAND evaluate wild --data data.h5)
cli_error(not_finite.predict 76 "wild.* makes of row [0-9]+ of split .test. of data.h5 is not finite"
  GUARD --makes-no new@np@.csv COMMAND predict wild --data data.h5 --out new@np@.csv)

# Config and options
cli_error(unknown_key 64 "optimizer.learning_rat.*learning_rate" ${no_run} ${train} --set optimizer.learning_rat=1)
cli_error(wrong_type 64 "data.batch_size=many" ${no_run} ${train} --set data.batch_size=many)
cli_error(wrong_type_in_file 64 "bad.toml:3:[0-9]+: " COMMAND train bad.toml)
cli_error(wrong_layer 64 "layers.toml:4:[0-9]+: model.layers.0.: unknown layer .dens." ${no_run}
  COMMAND train layers.toml --run new@np@)
cli_error(wrong_trials 64 "set sweep.trials=0: sweep.trials is 0; use a whole number from 1" ${no_run}
  COMMAND sweep config.toml --set "sweep.space.\"optimizer.l2\"={min=0.0,max=0.1}" --set sweep.trials=0 --run new@np@)
cli_error(huge_number 64 "1e400 is a number that 64 bits do not hold" ${no_run} ${train} --set optimizer.learning_rate=1e400)
cli_error(huge_count 64 "99999999999999999999 is a number that 64 bits do not hold" ${no_run}
  ${train} --set train.epochs=99999999999999999999)
cli_error(key_as_config 66 "there is no config seed=2; to set a key, use --set seed=2" COMMAND train --set train.steps=1 seed=2)
cli_error(unknown_option 64 "no option --resum; did you mean --resume" COMMAND train --resum auto)
cli_error(unknown_command 64 "did you mean train" COMMAND trian)
cli_error(batch_of_none 64 "data.batch_size" ${no_run} ${train} --set data.batch_size=0)
cli_error(batch_below_ranks 64 "batch size 64 makes 2 leaves for 3 ranks; use data.batch_size = [0-9]+ or more" AT 3 ${no_run}
  ${train} --set data.batch_size=64)
cli_error(leaves_below_ranks 64 "parallel.leaves = 2 is below 3 ranks; use parallel.leaves = 3 or more, or 2 ranks" AT 3 ${no_run}
  ${train} --set parallel.leaves=2)
cli_error(model_too_large 64 "model.hidden = .1000000000. takes about [0-9.e+]+ GB, more than this host has; use fewer"
  ${no_run} ${train} --set model.hidden=[1000000000])

# What a command reads, and what runs keep, is not written over
cli_error(over.data 64 "data.h5 is read here" GUARD --keeps data.h5 COMMAND predict run --data data.h5 --out ./data.h5)
cli_error(over.checkpoint 64 "latest is read here" GUARD --keeps ${latest}
  COMMAND predict run --data data.h5 --out ${latest})
cli_error(over.another 64 "is a checkpoint" GUARD --keeps run@np@/checkpoints/latest
  COMMAND predict run --data data.h5 --out run@np@/checkpoints/latest)
cli_error(over.csv 64 "table.csv is read here" GUARD --keeps table.csv
  COMMAND import csv table.csv --label y -o table.csv)
cli_error(over.like 64 "data.h5 is read here" GUARD --keeps data.h5
  COMMAND import csv table.csv --label y --like data.h5 -o data.h5)
cli_error(over.data_by_trace 64 "data.h5 is read here" GUARD --keeps data.h5 --makes-no new@np@/config.toml
  ${train} --profile-trace data.h5)
cli_error(over.lock 64 "busy@np@/lock belongs to the run" WHILE_TRAINING
  COMMAND synth spirals --samples 9 --features 2 --classes 3 -o busy@np@/lock)
cli_error(over.config 64 "run@np@/config.toml belongs to the run" GUARD --keeps run@np@/config.toml
  COMMAND synth spirals --samples 9 --features 2 --classes 3 -o run@np@/config.toml)

# Checkpoint of another model
cli_error(other_model.resume 64 "model.hidden = .512. is not what .* was trained with .[[]512, 512[]]" GUARD --keeps run@np@/checkpoints/latest
  COMMAND train --resume run@np@ --set "model.hidden=[512]")
cli_error(other_model.start 65 "another model" ${no_run} ${train} --init-from ${latest} --set "model.hidden=[511, 512]")

# Places that cannot be written, or are taken
cli_error(full_disk.start 74 "File too large" LIMITED GUARD --makes-no full@np@/checkpoints/step-00000000.h5 --makes-no full@np@/config.toml
  COMMAND train config.toml --run full@np@)
cli_error(full_disk.resume 74 "File too large.*step-00000005.h5" LIMITED
  GUARD --keeps run@np@/checkpoints/latest --makes-no run@np@/checkpoints/step-00000010.h5
  COMMAND train --resume run@np@ --set train.epochs=2 --set checkpoint.give_up=1)
cli_error(full_disk.synth 74 "File too large" LIMITED GUARD --makes-no new@np@.h5
  COMMAND synth gaussians --samples 100000 --features 8 --classes 3 -o new@np@.h5)
cli_error(unwritable.run 74 "config.toml/run" GUARD --keeps config.toml COMMAND train config.toml --run config.toml/run)
cli_error(unwritable.over_file 74 "cannot make the run directory bad.toml: .*bad.toml is a file" GUARD --keeps bad.toml
  COMMAND train config.toml --run bad.toml --set data.file=nan.h5)
cli_error(unwritable.trace 74 "nowhere/t.json" ${no_run} ${train} --profile-trace nowhere/t.json)
cli_error(unwritable.predict_early 74 "nowhere/p.csv" COMMAND predict ${latest} --data nan_test.h5 --out nowhere/p.csv)
cli_error(unwritable.huge 74 "huge.h5 would take [0-9]+ bytes, and its folder has [0-9]+ left" GUARD --makes-no huge.h5
  COMMAND synth gaussians --samples 1000000000000000 --features 8 --classes 3 --test-fraction 0.1 -o huge.h5)
cli_error(folder_as_output 64 "[.] is a folder; name another file to write" COMMAND predict ${latest} --data data.h5 --out .)
cli_error(unwritable.predict 74 "config.toml/p.csv" COMMAND predict ${latest} --data data.h5 --out config.toml/p.csv)
cli_error(unwritable.synth 74 "nowhere/s.h5"
  COMMAND synth spirals --samples 9 --features 2 --classes 3 -o nowhere/s.h5)
cli_error(taken.run 73 "run@np@ holds a run already; continue it with --run run@np@ --resume auto"
  GUARD --keeps run@np@/checkpoints/latest COMMAND train config.toml --run run@np@)
cli_error(taken.by_train 73 "run@np@ holds a run of shoal train; name another" GUARD --keeps run@np@/config.toml
  COMMAND sweep config.toml --set "sweep.space.\"optimizer.l2\"={min=0.0,max=0.1}" --run run@np@ --resume)
cli_error(taken.by_sweep 64 "the sweep in sweep cannot go on: data.batch_size = 64 is not what it was begun with .128." AT 1
  COMMAND sweep --run sweep --resume --set data.batch_size=64)
cli_error(taken.in_use 73 "busy@np@" WHILE_TRAINING COMMAND train --resume busy@np@)
