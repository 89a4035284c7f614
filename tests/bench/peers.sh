# The table of run.sh --peers, which sources this: one net a line, each peer beside shoal. A round runs every way of a net once.
# DDP is compared with shoal's 2 ranks, every other peer with one process of as many threads. Neither starting nor compiling
# counts. PyTorch has images with channels last, JAX as (N, H, W, C).

declare -A absent=()
has() { # python, module, what pip installs, option, columns
  local column
  "$1" -c "import $2" 2>/dev/null && return
  echo "peers: $1 has no $2; $1 -m pip install $3, or $4 PYTHON"
  for column in $5; do absent[$column]=missing; done
}
# These read what the net at hand is: cores, steps, bench (our command) and net (the peers' options).
one_process() { OMP_NUM_THREADS=$cores "${bench[@]}" | step_ms; }
two_ranks() { OMP_NUM_THREADS=1 ranks 2 "${bench[@]}" | step_ms; }
pytorch() {
  local layout=; [[ "$net" != *--net* ]] || layout=--channels-last
  torch $net $layout "$@"
}
jax() { "$jax_python" "$here/jax_step.py" --steps "$steps" --threads "$cores" $net "$@" | step_ms; }

cell() { # column, what it is compared with
  [ -e "$work/$1.samples" ] || { echo "${absent[$1]:--}"; return; }
  [ "$(wc -l <"$work/$1.samples")" = "$rounds" ] || { echo failed; return; }
  awk -v a="$(statistics "$1")" -v b="$(statistics "${2:-$1}")" -v compared="${2:-}" 'BEGIN {
    split(a, x, " "); split(b, y, " ")
    printf "%s (%s-%s)", x[1], x[2], x[3]
    if (compared && y[1] > 0) printf ", %.2f", x[1] / y[1] }'
}
compare() { # title, cores, steps, our command, options of the peers
  local cores=$2 steps=$3 bench=($4) net=$5 ways=() column
  local -A way=([shoal]=one_process [torch]="pytorch --threads $cores" [compiled]="pytorch --threads $cores --compile"
    [jit]=jax [scan]="jax --scan")
  [ "$cores" = 1 ] || way+=([shoal2]=two_ranks [ddp]="pytorch --ranks 2")
  for column in shoal torch jit shoal2 ddp compiled scan; do
    [ -z "${way[$column]:-}" ] || [ -n "${absent[$column]:-}" ] || ways+=("$column=${way[$column]}")
  done
  rm -f "$work/lines"
  alternate "${ways[@]}"
  echo "| $1 | $cores | $(cell shoal) | $(cell shoal2) | $(cell torch shoal) | $(cell compiled shoal) | $(cell ddp shoal2) |" \
    "$(cell jit shoal) | $(cell scan shoal) |"
  [ "$(grep -oE '[0-9]+ parameters' "$work/lines" | sort -u | wc -l)" = 1 ] && return
  echo "peers: $1: not the same net:"; cat "$work/lines"
}
images() { # preset, shape, steps
  printf '[data]\nfile = "none.h5"\n[model]\npreset = "%s"\n' "$1" >"$work/$1.toml"
  compare "$1 at 128" 2 "$3" "$build/image_bench $work/$1.toml $2 128 $3" "--net $1 --batch 128"
}
step_of() { # batch, steps, widths, activation if without batch norm
  echo "$build/step_bench $1 $2 $3 ${4:+0 $4}"
}

for program in step_bench image_bench; do have peers $program || exit 69; done
has "$python" torch torch==2.13.0 --python "torch compiled ddp"
has "$jax_python" jax jax==0.10.2 --jax-python "jit scan"
command -v g++ >/dev/null || { echo "peers: torch.compile needs g++; apt-get install g++"; absent[compiled]=missing; }
[ ! -x "$build/core_distance" ] || echo "peers: $("$build/core_distance")"
echo "| net | cores | shoal, 1 process, ms | shoal, 2 ranks | PyTorch | torch.compile | DDP, 2 ranks | JAX jit | JAX scan |"
echo "|---|---|---|---|---|---|---|---|---|"
for each in ${nets//,/ }; do
  case $each in
    S) compare "S at 64" 1 $((10 * steps)) "$(step_of 64 $((10 * steps)) $S)" "--widths $S --batch 64" ;;
    M1 | M2) compare "M at 256" "${each#M}" "$steps" "$(step_of 256 "$steps" $M)" "--widths $M" ;;
    D) compare "784-512-512-10 at 256" 2 $((2 * steps)) "$(step_of 256 $((2 * steps)) $D relu)" "--widths $D --activation relu" ;;
    resnet20) images resnet20 3,32,32 $(((steps + 4) / 5)) ;;
    lenet) images lenet 1,28,28 $(((steps + 2) / 3)) ;;
    *) echo "bench: no net $each; S, M1, M2, D, resnet20, lenet" >&2; exit 64 ;;
  esac
done
