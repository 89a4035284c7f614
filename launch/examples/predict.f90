! Rows of doubles from one file, through a trained model, to another, by all threads: predict MODEL ROWS OUT
!   gfortran -fopenmp $(pkg-config --variable=fortran shoal_infer) predict.f90 $(pkg-config --libs shoal_infer)
program predict
  use, intrinsic :: iso_c_binding, only: c_double
  use shoal
  implicit none
  character(1000) :: path(3), message
  type(shoal_model) :: model
  real(c_double), allocatable :: x(:, :), y(:, :)
  integer :: code, worst, i, bytes, rows, file
  do i = 1, 3
    call get_command_argument(i, path(i))
  end do
  call shoal_open(model, path(1), code, message)
  if (code /= shoal_ok) call give_up()
  inquire (file=path(2), size=bytes)
  rows = bytes / 8 / int(shoal_inputs(model))
  allocate (x(shoal_inputs(model), rows), y(shoal_outputs(model), rows))
  open (newunit=file, file=path(2), access="stream", form="unformatted", status="old")
  read (file) x
  close (file)
  worst = shoal_ok
  !$omp parallel do private(code) firstprivate(message) schedule(dynamic) reduction(max: worst)
  do i = 1, rows, 7
    call shoal_predict(model, x(:, i:min(i + 6, rows)), y(:, i:min(i + 6, rows)), code, message)
    if (code /= shoal_ok) print "(a)", trim(message)
    worst = max(worst, code)
  end do
  if (worst /= shoal_ok) error stop 1
  open (newunit=file, file=path(3), access="stream", form="unformatted", status="replace")
  write (file) y
  call shoal_close(model)
  deallocate (x, y)
contains
  subroutine give_up()
    print "(a)", trim(message)
    error stop 1
  end subroutine
end program
