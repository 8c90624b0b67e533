using CtrPS.Client.Containers.Specs;
using CtrPS.Client.Containers.Users;

namespace CtrPS.Client.Tests.Containers;

/// <summary>Rules that ctr does not have, or that need another machine.</summary>
public sealed class SpecBuilderTests
{
    private static readonly CtrImageConfig Image = new()
    {
        Entrypoint = ["/bin/app", "-x"],
        Cmd = ["run"],
        Env = ["PATH=/bin", "A=1", "B=2"],
    };

    [Theory]
    [InlineData("", false, "/bin/app -x run")]
    [InlineData("stop", false, "/bin/app -x stop")]
    [InlineData("sh -c", true, "sh -c")]
    [InlineData("", true, "/bin/app -x run")]
    public async Task Joins_entrypoint_and_command_as_docker_does(string command, bool replace, string expected)
    {
        CtrSpec spec = await BuildAsync(new() { Command = command.Split(' ', StringSplitOptions.RemoveEmptyEntries), ReplaceEntrypoint = replace });
        Assert.Equal(expected, spec.ToString());
    }

    [Fact]
    public async Task A_name_alone_removes_the_variable_of_the_image()
    {
        CtrSpec spec = await BuildAsync(new() { Environment = ["B", "C=3", "A=", "D=x=y", "NONE"], Terminal = true });
        Assert.Equal(["PATH=/bin", "A=", "C=3", "D=x=y", "TERM=xterm"], spec.Process.Env);
        spec = await BuildAsync(new() { Environment = ["TERM=screen", "PATH"], Terminal = true });
        Assert.Equal(["A=1", "B=2", "TERM=screen"], spec.Process.Env);
    }

    [Fact]
    public async Task All_capabilities_go_before_others_come()
    {
        CtrSpec spec = await BuildAsync(new() { DropCapabilities = ["all"], AddCapabilities = ["NET_ADMIN", "net_admin"] });
        Assert.Equal(["CAP_NET_ADMIN"], spec.Process.Capabilities.Bounding);
        Assert.Equal(["CAP_NET_ADMIN"], spec.Process.Capabilities.Effective);
        spec = await BuildAsync(new() { AddCapabilities = ["ALL"], DropCapabilities = ["SYS_ADMIN"] });
        Assert.Equal(40, spec.Process.Capabilities.Permitted.Count);
        Assert.DoesNotContain("CAP_SYS_ADMIN", spec.Process.Capabilities.Permitted);
    }

    [Fact]
    public async Task A_mount_takes_the_place_of_the_default()
    {
        CtrSpec spec = await BuildAsync(new() { Mounts = [CtrMount.Parse("type=tmpfs,dst=/run/,options=size=1m")] });
        Assert.Equal("type=tmpfs,src=,dst=/run/,options=size=1m", spec.Mounts[^1].ToString());
        Assert.Equal(7, spec.Mounts.Count);
    }

    [Fact]
    public async Task Limits_take_the_place_of_the_default()
    {
        CtrSpec spec = await BuildAsync(
            new() { Rlimits = new Dictionary<string, (ulong, ulong)> { ["nofile"] = (10, ulong.MaxValue), ["RLIMIT_CORE"] = (0, 0) } });
        Assert.Equal(
            """[{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":10},{"type":"RLIMIT_CORE","soft":0,"hard":0}]""",
            spec.Process.GetJson("rlimits"));
        await FailsAsync(CtrErrorIds.InvalidArgument, new() { Rlimits = new Dictionary<string, (ulong, ulong)> { ["nofile"] = (10, 5) } });
    }

    [Fact]
    public async Task Maps_ids_into_a_user_namespace()
    {
        var range = new CtrSpecIdMapping { ContainerId = 0, HostId = 100000, Size = 65536 };
        CtrSpec spec = await BuildAsync(new() { UidMappings = [range], GidMappings = [range] });
        Assert.Contains(spec.Linux.Namespaces, one => one.Type == "user" && one.Path is null);
        Assert.Equal("""[{"containerID":0,"hostID":100000,"size":65536}]""", spec.Linux.GetJson("uidMappings"));
        await FailsAsync(CtrErrorIds.InvalidArgument, new() { UidMappings = [range] });
    }

    [Fact]
    public async Task From_afar_only_what_needs_the_machine_is_refused()
    {
        CtrSpec spec = await BuildAsync(new() { Privileged = true, WithoutHostDevices = true, HostNetwork = true });
        Assert.Equal(SpecNames.Capabilities, spec.Process.Capabilities.Bounding);
        Assert.Null(spec.Linux.GetJson("maskedPaths"));
        Assert.DoesNotContain(spec.Process.Env, one => one.StartsWith("HOSTNAME", StringComparison.Ordinal));
        await FailsAsync(CtrErrorIds.NotLocal, new() { Privileged = true });
        await FailsAsync(CtrErrorIds.NotLocal, new() { Devices = ["/dev/null"] });
    }

    [Fact]
    public async Task Refuses_contradictions()
    {
        await FailsAsync(CtrErrorIds.InvalidArgument, new() { Cpus = 1, CpuQuota = 5 });
        await FailsAsync(CtrErrorIds.InvalidArgument, new() { Devices = ["null"] });
        await FailsAsync(CtrErrorIds.InvalidArgument, new() { User = "a:b:c" });
        await FailsAsync(CtrErrorIds.InvalidArgument, new() { User = "4294967295" });
        CtrException error = await Assert.ThrowsAsync<CtrException>(() => BuildAsync(new(), new CtrImageConfig()));
        Assert.Equal(CtrErrorIds.InvalidSpec, error.ErrorId);
    }

    [Theory]
    [InlineData("amd64", "arch_prctl", "SCMP_ARCH_X86_64")]
    [InlineData("arm64", "sync_file_range2", "SCMP_ARCH_AARCH64")]
    [InlineData("s390x", "s390_pci_mmio_read", "SCMP_ARCH_S390X")]
    public void The_seccomp_profile_is_of_the_machine(string architecture, string call, string name)
    {
        CtrSpecSeccomp profile = DefaultSeccomp.Create(architecture, ["CAP_SYS_ADMIN"]);
        Assert.Contains(name, profile.Architectures);
        Assert.Contains(profile.Syscalls, rule => rule.Names.Contains(call));
        Assert.Contains(profile.Syscalls, rule => rule.Names.Contains("mount"));
        Assert.DoesNotContain(profile.Syscalls, rule => rule.Action != "SCMP_ACT_ALLOW");
    }

    private static Task<CtrSpec> BuildAsync(CtrContainerOptions options, CtrImageConfig? image = null) => SpecBuilder.BuildAsync(
        new CtrContainerRequest { Namespace = "n", Id = "i", Options = options },
        image ?? Image,
        new NoFiles(),
        new SpecMachine("amd64", isLocal: false, what => new CtrException(CtrErrorIds.NotLocal, CtrStatus.FailedPrecondition, what)),
        needsCommand: true,
        CancellationToken.None);

    private static async Task FailsAsync(string errorId, CtrContainerOptions options) =>
        Assert.Equal(errorId, (await Assert.ThrowsAsync<CtrException>(() => BuildAsync(options))).ErrorId);

    private sealed class NoFiles : IRootFiles
    {
        public ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken) => default;
    }
}
