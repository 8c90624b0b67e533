namespace CtrPS.Client.Containers.Specs;

/// <summary>
/// containerd's default seccomp profile (contrib/seccomp/seccomp_default.go): everything is refused but the calls named here and those that the
/// capabilities bring along. It is that of the newest containerd for all versions: what it allows more than an older one's are calls that older
/// kernels do not have, and it refuses io_uring and the address families AF_VSOCK and AF_ALG.
/// </summary>
internal static class DefaultSeccomp
{
    private const string Allow = "SCMP_ACT_ALLOW";

    private const string Always = """
        accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown chown32 clock_adjtime clock_adjtime64
        clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range connect
        copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait
        epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate
        fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork
        fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64
        futex_wait futex_waitv futex_wake futimesat getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32
        getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid
        getresuid32 getrlimit get_robust_list getrusage getsid getsockname getsockopt get_thread_area gettid gettimeofday getuid getuid32
        getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel ioctl io_destroy io_getevents
        io_pgetevents io_pgetevents_time64 ioprio_get ioprio_set io_setup io_submit ipc kill landlock_add_rule landlock_create_ruleset
        landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr listxattrat llistxattr _llseek
        lremovexattr lseek lsetxattr lsm_get_self_attr lsm_list_modules lsm_set_self_attr lstat lstat64 madvise membarrier memfd_create
        memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall map_shadow_stack mmap mmap2 mprotect mq_getsetattr
        mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget
        msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat _newselect open openat openat2 pause
        pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2
        prlimit64 process_mrelease pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv
        recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall
        rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
        rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_getaffinity sched_getattr sched_getparam sched_get_priority_max
        sched_get_priority_min sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr
        sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile
        sendfile64 sendmmsg sendmsg sendto setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid
        setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit set_robust_list setsid
        setsockopt set_thread_area set_tid_address setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack
        signalfd signalfd4 sigprocmask sigreturn socketcall socketpair splice stat stat64 statfs statfs64 statmount statx symlink
        symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime
        timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64
        times tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork
        vmsplice wait4 waitid waitpid write writev
        """;

    /// <summary>The values of personality(2) that are allowed: Linux, with 32-bit uname, and what asks for the present one.</summary>
    private static readonly uint[] Personalities = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

    /// <summary>What a capability allows.</summary>
    private static readonly Dictionary<string, string> ByCapability = new(StringComparer.Ordinal)
    {
        ["CAP_DAC_READ_SEARCH"] = "open_by_handle_at",
        ["CAP_SYS_ADMIN"] =
            "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree perf_event_open "
                + "quotactl quotactl_fd "
            + "setdomainname sethostname setns syslog umount umount2 unshare",
        ["CAP_SYS_BOOT"] = "reboot",
        ["CAP_SYS_CHROOT"] = "chroot",
        ["CAP_SYS_MODULE"] = "delete_module init_module finit_module",
        ["CAP_SYS_PACCT"] = "acct",
        ["CAP_SYS_PTRACE"] = "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
        ["CAP_SYS_RAWIO"] = "iopl ioperm",
        ["CAP_SYS_TIME"] = "settimeofday stime clock_settime clock_settime64",
        ["CAP_SYS_TTY_CONFIG"] = "vhangup",
        ["CAP_SYS_NICE"] = "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
        ["CAP_SYSLOG"] = "syslog",
        ["CAP_BPF"] = "bpf",
        ["CAP_PERFMON"] = "perf_event_open",
    };

    /// <summary>Makes the profile.</summary>
    /// <param name="architecture">The machine's, in Go's words.</param>
    /// <param name="bounding">The capabilities that the container can have.</param>
    public static CtrSpecSeccomp Create(string architecture, IReadOnlyCollection<string> bounding)
    {
        var profile = new CtrSpecSeccomp { DefaultAction = "SCMP_ACT_ERRNO" };
        string[] architectures = Architectures(architecture);
        if (architectures.Length > 0)
        {
            profile.Architectures = new CtrSpecList<string>(architectures);
        }

        Add(Always);

        // socket(2) but for AF_ALG (38) and AF_VSOCK (40): each range a rule of its own, as runc makes several conditions on one argument into
        // alternatives.
        Add("socket", Condition(0, 38, "SCMP_CMP_LT"));
        Add("socket", Condition(0, 39, "SCMP_CMP_EQ"));
        Add("socket", Condition(0, 40, "SCMP_CMP_GT"));
        foreach (uint personality in Personalities)
        {
            Add("personality", Condition(0, personality, "SCMP_CMP_EQ"));
        }

        Add("process_vm_readv process_vm_writev ptrace"); // safe from Linux 4.8 on, older than any that containerd runs on
        if (ByArchitecture(architecture) is { } own)
        {
            Add(own);
        }

        foreach (string capability in bounding)
        {
            if (ByCapability.TryGetValue(capability, out string? allowed))
            {
                Add(allowed);
            }
        }

        if (!bounding.Contains("CAP_SYS_ADMIN"))
        {
            // clone(2) without any of the CLONE_NEW flags; clone3(2), whose flags cannot be seen, says that it does not exist, and the C library
            // takes clone.
            CtrSpecSyscallArgument noNamespaces = Condition(architecture is "s390x" ? 1 : 0, 0x7E020000, "SCMP_CMP_MASKED_EQ");
            Add("clone", noNamespaces);
            profile.Syscalls.Add(new CtrSpecSyscall { Names = ["clone3"], Action = "SCMP_ACT_ERRNO", ErrnoRet = 38 });
        }

        return profile;

        void Add(string names, params CtrSpecSyscallArgument[] conditions)
        {
            var rule = new CtrSpecSyscall
            {
                Names = new CtrSpecList<string>(names.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
                Action = Allow,
            };
            if (conditions.Length > 0)
            {
                rule.Args = new CtrSpecList<CtrSpecSyscallArgument>(conditions);
            }

            profile.Syscalls.Add(rule);
        }
    }

    private static CtrSpecSyscallArgument Condition(long index, ulong value, string op) => new() { Index = index, Value = value, Op = op };

    private static string[] Architectures(string architecture) => architecture switch
    {
        "amd64" => ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "arm64" => ["SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64"],
        "mips64" => ["SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32"],
        "mips64le" => ["SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32"],
        "s390x" => ["SCMP_ARCH_S390", "SCMP_ARCH_S390X"],
        "riscv64" => ["SCMP_ARCH_RISCV64"],
        "loong64" => ["SCMP_ARCH_LOONGARCH64"],
        _ => [],
    };

    private static string? ByArchitecture(string architecture) => architecture switch
    {
        "ppc64le" => "sync_file_range2 swapcontext",
        "arm" or "arm64" => "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls",
        "amd64" => "arch_prctl modify_ldt",
        "386" => "modify_ldt",
        "s390x" => "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr",
        "riscv64" => "riscv_flush_icache riscv_hwprobe",
        _ => null,
    };
}
