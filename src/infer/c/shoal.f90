! A trained model in a Fortran program: a module over the C interface of libshoal_infer (shoal/shoal.h), in Fortran 2008.
! Compile it with your own compiler and options, and link with -lshoal_infer:
!
!   type(shoal_model) :: model
!   call shoal_open(model, "runs/a", code, message)
!   call shoal_predict(model, x, y, code, message)       x(inputs, rows), y(outputs, rows), of one kind of real
!   call shoal_close(model)
!
! code is shoal_ok or another one; then y is as it was, and message says in a line what is wrong. Arrays are read and
! written where they are, sections with any stride among them. A model that is open may be used by any number of
! threads at once. Labels and categories count from 0, as in files.
module shoal
  use, intrinsic :: iso_c_binding
  implicit none
  private
  public :: shoal_model, shoal_open, shoal_close, shoal_predict
  public :: shoal_inputs, shoal_input_name, shoal_categories, shoal_code, shoal_outputs, shoal_output_name
  public :: shoal_classes, shoal_class_name, shoal_step, shoal_digest, shoal_abi_version

  integer, parameter, public :: shoal_ok = 0, shoal_usage = 64, shoal_bad_data = 65, shoal_no_input = 66, &
    shoal_internal = 70, shoal_input_output = 74, shoal_not_finite = 76

  type :: shoal_model
    private
    type(c_ptr) :: handle = c_null_ptr
  end type

  interface shoal_predict
    module procedure predict_float, predict_double
  end interface

  interface
    integer(c_int) function shoal_abi_version() bind(c)
      import :: c_int
    end function
    integer(c_int) function c_open(path, threads, model, message, size) bind(c, name="shoal_open")
      import :: c_int, c_char, c_ptr, c_size_t
      character(kind=c_char), intent(in) :: path(*)
      integer(c_int), value :: threads
      type(c_ptr), intent(inout) :: model
      character(kind=c_char), intent(inout) :: message(*)
      integer(c_size_t), value :: size
    end function
    subroutine c_close(model) bind(c, name="shoal_close")
      import :: c_ptr
      type(c_ptr), intent(inout) :: model
    end subroutine
    integer(c_int64_t) function c_inputs(model) bind(c, name="shoal_inputs")
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: model
    end function
    integer(c_int64_t) function c_outputs(model) bind(c, name="shoal_outputs")
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: model
    end function
    integer(c_int64_t) function c_classes(model) bind(c, name="shoal_classes")
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: model
    end function
    integer(c_int64_t) function c_step(model) bind(c, name="shoal_step")
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: model
    end function
    integer(c_int64_t) function c_categories(model, input) bind(c, name="shoal_categories")
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: model
      integer(c_int64_t), value :: input
    end function
    type(c_ptr) function c_category(model, input, category) bind(c, name="shoal_category")
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: model
      integer(c_int64_t), value :: input, category
    end function
    type(c_ptr) function c_input_name(model, at) bind(c, name="shoal_input_name")
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: model
      integer(c_int64_t), value :: at
    end function
    type(c_ptr) function c_output_name(model, at) bind(c, name="shoal_output_name")
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: model
      integer(c_int64_t), value :: at
    end function
    type(c_ptr) function c_class_name(model, at) bind(c, name="shoal_class_name")
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: model
      integer(c_int64_t), value :: at
    end function
    type(c_ptr) function c_digest(model) bind(c, name="shoal_digest")
      import :: c_ptr
      type(c_ptr), value :: model
    end function
    integer(c_int) function c_predict_float(model, rows, x, x_row, x_column, y, y_row, y_column, labels, message, size) &
        bind(c, name="shoal_predict_float")
      import :: c_int, c_int64_t, c_ptr, c_char, c_size_t
      type(c_ptr), value :: model, x, y, labels
      integer(c_int64_t), value :: rows, x_row, x_column, y_row, y_column
      character(kind=c_char), intent(inout) :: message(*)
      integer(c_size_t), value :: size
    end function
    integer(c_int) function c_predict_double(model, rows, x, x_row, x_column, y, y_row, y_column, labels, message, size) &
        bind(c, name="shoal_predict_double")
      import :: c_int, c_int64_t, c_ptr, c_char, c_size_t
      type(c_ptr), value :: model, x, y, labels
      integer(c_int64_t), value :: rows, x_row, x_column, y_row, y_column
      character(kind=c_char), intent(inout) :: message(*)
      integer(c_size_t), value :: size
    end function
    integer(c_size_t) function c_strlen(text) bind(c, name="strlen")
      import :: c_size_t, c_ptr
      type(c_ptr), value :: text
    end function
  end interface

  integer, parameter :: longest = 512  ! bytes of a message

contains

  !> path: a checkpoint, or the folder of a run. threads: that predict at a time; without, as many as there are cores.
  subroutine shoal_open(model, path, code, message, threads)
    type(shoal_model), intent(inout) :: model
    character(*), intent(in) :: path
    integer, intent(out) :: code
    character(*), intent(inout), optional :: message
    integer, intent(in), optional :: threads
    character(kind=c_char) :: said(longest)
    integer(c_int) :: most
    call shoal_close(model)
    most = 0
    if (present(threads)) most = int(threads, c_int)
    code = int(c_open(c_text(path), most, model%handle, said, int(longest, c_size_t)))
    call tell(code, said, message)
  end subroutine

  subroutine shoal_close(model)
    type(shoal_model), intent(inout) :: model
    call c_close(model%handle)
  end subroutine

  integer(c_int64_t) function shoal_inputs(model)
    type(shoal_model), intent(in) :: model
    shoal_inputs = c_inputs(model%handle)
  end function

  integer(c_int64_t) function shoal_outputs(model)
    type(shoal_model), intent(in) :: model
    shoal_outputs = c_outputs(model%handle)
  end function

  integer(c_int64_t) function shoal_classes(model)
    type(shoal_model), intent(in) :: model
    shoal_classes = c_classes(model%handle)
  end function

  integer(c_int64_t) function shoal_step(model)
    type(shoal_model), intent(in) :: model
    shoal_step = c_step(model%handle)
  end function

  !> Inputs and outputs count from 1 here, as the rows of x and y do; names are empty where there are none.
  function shoal_input_name(model, at) result(name)
    type(shoal_model), intent(in) :: model
    integer, intent(in) :: at
    character(:), allocatable :: name
    name = text_at(c_input_name(model%handle, int(at - 1, c_int64_t)))
  end function

  function shoal_output_name(model, at) result(name)
    type(shoal_model), intent(in) :: model
    integer, intent(in) :: at
    character(:), allocatable :: name
    name = text_at(c_output_name(model%handle, int(at - 1, c_int64_t)))
  end function

  !> Of a label, which counts from 0.
  function shoal_class_name(model, label) result(name)
    type(shoal_model), intent(in) :: model
    integer, intent(in) :: label
    character(:), allocatable :: name
    name = text_at(c_class_name(model%handle, int(label, c_int64_t)))
  end function

  function shoal_digest(model) result(digest)
    type(shoal_model), intent(in) :: model
    character(:), allocatable :: digest
    digest = text_at(c_digest(model%handle))
  end function

  integer(c_int64_t) function shoal_categories(model, input)
    type(shoal_model), intent(in) :: model
    integer, intent(in) :: input
    shoal_categories = c_categories(model%handle, int(input - 1, c_int64_t))
  end function

  !> The number that stands in x for a text of a column of categories: how many they are for any other text.
  !> A cell that is missing has none: put NaN into x, not the number of an empty text.
  integer(c_int64_t) function shoal_code(model, input, text)
    type(shoal_model), intent(in) :: model
    integer, intent(in) :: input
    character(*), intent(in) :: text
    do shoal_code = 0, shoal_categories(model, input) - 1
      if (text_at(c_category(model%handle, int(input - 1, c_int64_t), shoal_code)) == trim(text)) return
    end do
  end function

  subroutine predict_float(model, x, y, code, message, labels)
    type(shoal_model), intent(in) :: model
    real(c_float), intent(in), target :: x(:, :)
    real(c_float), intent(inout), target :: y(:, :)
    integer, intent(out) :: code
    character(*), intent(inout), optional :: message
    integer(c_int32_t), intent(inout), contiguous, target, optional :: labels(:)
    character(kind=c_char) :: said(longest)
    type(c_ptr) :: to_labels
    to_labels = c_null_ptr
    if (misfit(model, shape(x, c_int64_t), shape(y, c_int64_t), code, message)) return
    if (present(labels)) then
      if (too_short(size(labels, kind=c_int64_t), size(x, 2, c_int64_t), code, message)) return
      to_labels = c_loc(labels)
    end if
    if (size(x, 2, c_int64_t) == 0) return
    code = int(c_predict_float(model%handle, size(x, 2, c_int64_t), c_loc(x(1, 1)), &
      step(c_loc(x(1, 1)), c_loc(x(1, size(x, 2, c_int64_t))), size(x, 2, c_int64_t), c_sizeof(x(1, 1))), &
      step(c_loc(x(1, 1)), c_loc(x(size(x, 1), 1)), size(x, 1, c_int64_t), c_sizeof(x(1, 1))), c_loc(y(1, 1)), &
      step(c_loc(y(1, 1)), c_loc(y(1, size(y, 2, c_int64_t))), size(y, 2, c_int64_t), c_sizeof(y(1, 1))), &
      step(c_loc(y(1, 1)), c_loc(y(size(y, 1), 1)), size(y, 1, c_int64_t), c_sizeof(y(1, 1))), &
      to_labels, said, int(longest, c_size_t)))
    call tell(code, said, message)
  end subroutine

  subroutine predict_double(model, x, y, code, message, labels)
    type(shoal_model), intent(in) :: model
    real(c_double), intent(in), target :: x(:, :)
    real(c_double), intent(inout), target :: y(:, :)
    integer, intent(out) :: code
    character(*), intent(inout), optional :: message
    integer(c_int32_t), intent(inout), contiguous, target, optional :: labels(:)
    character(kind=c_char) :: said(longest)
    type(c_ptr) :: to_labels
    to_labels = c_null_ptr
    if (misfit(model, shape(x, c_int64_t), shape(y, c_int64_t), code, message)) return
    if (present(labels)) then
      if (too_short(size(labels, kind=c_int64_t), size(x, 2, c_int64_t), code, message)) return
      to_labels = c_loc(labels)
    end if
    if (size(x, 2, c_int64_t) == 0) return
    code = int(c_predict_double(model%handle, size(x, 2, c_int64_t), c_loc(x(1, 1)), &
      step(c_loc(x(1, 1)), c_loc(x(1, size(x, 2, c_int64_t))), size(x, 2, c_int64_t), c_sizeof(x(1, 1))), &
      step(c_loc(x(1, 1)), c_loc(x(size(x, 1), 1)), size(x, 1, c_int64_t), c_sizeof(x(1, 1))), c_loc(y(1, 1)), &
      step(c_loc(y(1, 1)), c_loc(y(1, size(y, 2, c_int64_t))), size(y, 2, c_int64_t), c_sizeof(y(1, 1))), &
      step(c_loc(y(1, 1)), c_loc(y(size(y, 1), 1)), size(y, 1, c_int64_t), c_sizeof(y(1, 1))), &
      to_labels, said, int(longest, c_size_t)))
    call tell(code, said, message)
  end subroutine

  !> Elements from one to the next of `count` that lie evenly from `first` to `last`.
  integer(c_int64_t) function step(first, last, count, bytes)
    type(c_ptr), intent(in) :: first, last
    integer(c_int64_t), intent(in) :: count
    integer(c_size_t), intent(in) :: bytes
    step = (transfer(last, 0_c_intptr_t) - transfer(first, 0_c_intptr_t)) / &
      (int(bytes, c_int64_t) * max(1_c_int64_t, count - 1))
  end function

  logical function misfit(model, of_x, of_y, code, message)
    type(shoal_model), intent(in) :: model
    integer(c_int64_t), intent(in) :: of_x(2), of_y(2)
    integer, intent(out) :: code
    character(*), intent(inout), optional :: message
    character(200) :: said
    integer(c_int64_t) :: inputs, outputs
    inputs = shoal_inputs(model)
    outputs = shoal_outputs(model)
    code = shoal_ok
    misfit = .true.
    if (.not. c_associated(model%handle)) then
      said = "the model is not open"
    else if (of_x(1) /= inputs .or. of_y(1) /= outputs .or. of_x(2) /= of_y(2)) then
      write (said, "(6(a, i0), a)") "x(", of_x(1), ", ", of_x(2), ") and y(", of_y(1), ", ", of_y(2), &
        ") are not (", inputs, ", rows) and (", outputs, ", rows)"
    else
      misfit = .false.
      return
    end if
    code = shoal_usage
    if (present(message)) message = said
  end function

  logical function too_short(count, rows, code, message)
    integer(c_int64_t), intent(in) :: count, rows
    integer, intent(out) :: code
    character(*), intent(inout), optional :: message
    character(100) :: said
    code = shoal_ok
    too_short = count < rows
    if (.not. too_short) return
    code = shoal_usage
    write (said, "(2(a, i0))") "there is place for ", count, " labels of ", rows
    if (present(message)) message = said
  end function

  pure function c_text(text)
    character(*), intent(in) :: text
    character(kind=c_char) :: c_text(len_trim(text) + 1)
    integer :: i
    do i = 1, len_trim(text)
      c_text(i) = text(i:i)
    end do
    c_text(len_trim(text) + 1) = c_null_char
  end function

  function text_at(from) result(text)
    type(c_ptr), intent(in) :: from
    character(:), allocatable :: text
    character(kind=c_char), pointer :: bytes(:)
    integer :: i
    if (.not. c_associated(from)) then
      text = ""
      return
    end if
    call c_f_pointer(from, bytes, [c_strlen(from)])
    allocate (character(size(bytes)) :: text)
    do i = 1, size(bytes)
      text(i:i) = bytes(i)
    end do
  end function

  subroutine tell(code, said, message)
    integer, intent(in) :: code
    character(kind=c_char), intent(in) :: said(:)
    character(*), intent(inout), optional :: message
    integer :: i
    if (code == shoal_ok .or. .not. present(message)) return
    message = ""
    do i = 1, min(len(message), size(said))
      if (said(i) == c_null_char) return
      message(i:i) = said(i)
    end do
  end subroutine

end module
