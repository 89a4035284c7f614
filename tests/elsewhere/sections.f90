! Arrays of any shape and kind give what whole ones of doubles do: sections MODEL ROWS, a model that tells classes
program sections
  use, intrinsic :: iso_c_binding, only: c_float, c_double, c_int32_t, c_int64_t
  use shoal
  implicit none
  character(1000) :: path(2), message
  type(shoal_model) :: model
  real(c_double), allocatable :: x(:, :), y(:, :), made(:, :), wide_x(:, :, :), wide_y(:, :, :)
  real(c_float), allocatable :: float_x(:, :), float_y(:, :)
  integer(c_int32_t), allocatable :: labels(:), others(:)
  integer(c_int64_t) :: bytes
  integer :: code, i, inputs, outputs, classes, rows, file
  do i = 1, 2
    call get_command_argument(i, path(i))
  end do
  call shoal_open(model, path(1), code, message)
  call must(code == shoal_ok, "the model")
  classes = int(shoal_classes(model))
  call must(classes > 0, "its classes")
  inputs = int(shoal_inputs(model))
  outputs = int(shoal_outputs(model))
  inquire (file=path(2), size=bytes)
  rows = int(bytes / 8) / inputs
  allocate (x(inputs, rows), y(outputs, rows), made(outputs, rows), labels(rows), others(rows))
  allocate (float_x(inputs, rows), float_y(outputs, rows), wide_x(3, inputs, rows), wide_y(2, outputs, rows))
  open (newunit=file, file=path(2), access="stream", form="unformatted", status="old")
  read (file) x
  close (file)
  float_x = real(x, c_float)
  x = real(float_x, c_double)

  call shoal_predict(model, x, y, code, message, labels)
  call must(code == shoal_ok .and. any(labels /= labels(1)), "doubles")
  call shoal_predict(model, float_x, float_y, code, message, others)
  made = real(float_y, c_double)
  call must(code == shoal_ok .and. same(made, y) .and. all(others == labels), "floats")

  made = -1
  call shoal_predict(model, x(:, ::2), made(:, ::2), code, message)
  call must(code == shoal_ok .and. same(made(:, ::2), y(:, ::2)) .and. all(made(:, 2::2) < 0), "every other row")
  made = -1
  call shoal_predict(model, x(:, rows:1:-1), made(:, rows:1:-1), code, message)
  call must(code == shoal_ok .and. same(made, y), "backwards")
  wide_x = 0
  wide_x(2, :, :) = x
  wide_y = -1
  call shoal_predict(model, wide_x(2, :, :), wide_y(2, :, :), code, message)
  call must(code == shoal_ok .and. same(wide_y(2, :, :), y) .and. all(wide_y(1, :, :) < 0), "one of several")

  made = -1
  call shoal_predict(model, x(:, :0), made(:, :0), code, message)
  call must(code == shoal_ok, "no rows")
  call shoal_predict(model, x(:, :2), made(:, :3), code, message)
  call must(code == shoal_usage .and. index(message, ", 3)") > 0, "rows that differ")
  call shoal_predict(model, x, made, code, message, others(:2))
  call must(code == shoal_usage .and. index(message, "place for 2 labels") > 0, "few labels")
  call shoal_predict(model, x, made, code, message(:5), others(:2))
  call must(code == shoal_usage .and. message(:5) == "there", "a short message")
  call must(all(made < 0), "outputs of what is refused")
  call shoal_close(model)
contains
  logical function same(a, b)
    real(c_double), intent(in) :: a(:, :), b(:, :)
    same = all(abs(a - b) <= 0)
  end function

  subroutine must(holds, what)
    logical, intent(in) :: holds
    character(*), intent(in) :: what
    if (holds) return
    print "(a)", what // ": " // trim(message)
    error stop 1
  end subroutine
end program
