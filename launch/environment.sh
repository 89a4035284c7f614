# What mpirun needs on one machine; to be sourced. Anything set before wins. Open MPI 4 reads OMPI_MCA_ variables; of those
# for the launcher Open MPI 5 has PRTE_MCA_ ones in their place. Each leaves the other's alone.

# Containers run as root, and Open MPI refuses that unless told twice.
if [ "$(id -u)" = 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  export PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# More ranks than cores, as in tests on a small machine.
export OMPI_MCA_rmaps_base_oversubscribe=${OMPI_MCA_rmaps_base_oversubscribe:-1}
export PRTE_MCA_rmaps_default_mapping_policy=${PRTE_MCA_rmaps_default_mapping_policy:-:oversubscribe}
# When mpirun ends a job (TERM, INT, a rank that died) it sends SIGCONT at once, SIGTERM after so many seconds and SIGKILL
# after as many again, and ends itself no sooner. shoal begins its last checkpoint at SIGCONT: twice this time is left.
export OMPI_MCA_odls_base_sigkill_timeout=${OMPI_MCA_odls_base_sigkill_timeout:-5}
export PRTE_MCA_odls_base_sigkill_timeout=${PRTE_MCA_odls_base_sigkill_timeout:-$OMPI_MCA_odls_base_sigkill_timeout}
# The end of a job that failed is shoal's to explain. Open MPI 5 always adds some lines of its own.
export OMPI_MCA_orte_execute_quiet=${OMPI_MCA_orte_execute_quiet:-1}
# Containers often forbid the system call behind single copies between processes, and Open MPI then prints warnings. In
# Open MPI 5 the copies are the work of smsc.
export OMPI_MCA_btl_vader_single_copy_mechanism=${OMPI_MCA_btl_vader_single_copy_mechanism:-none}
export OMPI_MCA_smsc=${OMPI_MCA_smsc:-^cma}
# Where an interface has addresses of IPv4 and of IPv6, Open MPI 5.0 asks netlink for routes between the two and complains
# in every rank that there are none.
export OMPI_MCA_reachable=${OMPI_MCA_reachable:-weighted}
