using System.Globalization;
using CtrPS.Client.Containers.Users;

namespace CtrPS.Client.Containers.Specs;

/// <summary>
/// Makes the spec of a container: the default one, the image's config, and what the user asked for, in the order of ctr
/// (cmd/ctr/commands/run/run_unix.go).
/// </summary>
internal static class SpecBuilder
{
    private const string Access = "rwm";
    private const long Period = 100_000;

    /// <summary>Makes it.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="image">The image's config. Null: there is no image.</param>
    /// <param name="files">The root file system, for users. Null: it cannot be read.</param>
    /// <param name="machine">Where the daemon runs.</param>
    /// <param name="needsCommand">Whether it is for a container, rather than for somebody who adds the rest himself.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    public static async Task<CtrSpec> BuildAsync(
        CtrContainerRequest request,
        CtrImageConfig? image,
        IRootFiles? files,
        SpecMachine machine,
        bool needsCommand,
        CancellationToken cancellationToken)
    {
        CtrContainerOptions options = request.Options;
        CtrSpec spec = DefaultSpec.Create(request.Namespace, request.Id);
        CtrSpecProcess process = spec.Process;
        UserTable? users = null;

        AddMounts(spec, options.Mounts);
        string[] defaults = image is { Env.Count: > 0 } ? [.. image.Env] : [DefaultSpec.Path];
        process.Env = new CtrSpecList<string>(EnvironmentList.Merge(defaults, options.Environment));
        string[] args =
        [
            .. options.ReplaceEntrypoint && options.Command.Count > 0 ? [] : image?.Entrypoint ?? [],
            .. options.Command.Count > 0 ? options.Command : image?.Cmd ?? [],
        ];
        if (args.Length == 0 && needsCommand)
        {
            throw new CtrException(
                CtrErrorIds.InvalidSpec,
                CtrStatus.InvalidArgument,
                $"There is no command for container '{request.Id}': {(image is null ? "none is given" : "the image names none, and none is given")}.")
            {
                Target = request.Id,
                RecommendedAction = "Say with -Command what is to run.",
            };
        }

        if (args.Length > 0)
        {
            process.Args = new CtrSpecList<string>(args);
        }

        process.Cwd = options.WorkingDirectory ?? (image is { WorkingDirectory.Length: > 0 } ? image.WorkingDirectory : "/");
        if (request.RootFs is { } root)
        {
            spec.Root.Path = root;
        }

        if (options.User is { } user)
        {
            await UserResolver.ApplyAsync(process.User, user, UsersAsync, groupsByUid: false).ConfigureAwait(false);
        }
        else if (image is not null)
        {
            await UserResolver.ApplyAsync(process.User, image.User, UsersAsync, groupsByUid: true).ConfigureAwait(false);
        }

        spec.Root.Readonly = options.ReadOnly;
        if (options.Terminal)
        {
            process.Terminal = true;
            AddEnvironment(process, "TERM", "xterm");
        }

        if (options.Privileged)
        {
            MakePrivileged(spec, options, machine);
        }

        if (options.HostNetwork)
        {
            UseHostNetwork(spec, machine);
        }

        ApplyCapabilities(process.Capabilities, options, machine);
        process.NoNewPrivileges = !options.AllowNewPrivileges;
        ApplySecurity(spec, options, machine);
        ApplyResources(spec.Linux.Resources, options);
        ApplyLinux(spec.Linux, options, machine);
        foreach ((string name, (ulong soft, ulong hard)) in options.Rlimits)
        {
            SetRlimit(process, SpecNames.Rlimit(name), soft, hard);
        }

        spec.Hostname = options.Hostname;
        foreach ((string key, string value) in options.Annotations.Concat(request.Labels))
        {
            spec.Annotations[key] = value;
        }

        return spec;

        async Task<UserTable> UsersAsync() => users ??= files is null
            ? throw new CtrException(
                CtrErrorIds.NotLocal,
                CtrStatus.FailedPrecondition,
                $"The users of '{request.RootFs}' cannot be looked up: it is not on this machine, or may not be read.")
            {
                Target = options.User ?? image?.User,
                RecommendedAction = "Give the user as numbers: uid:gid.",
            }
            : await UserTable.ReadAsync(files, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds mounts; what was mounted at the same place goes, as with ctr from 2.0 on.</summary>
    private static void AddMounts(CtrSpec spec, IReadOnlyList<CtrMount> mounts)
    {
        foreach (CtrMount mount in mounts)
        {
            _ = mount.Require(mount.ToString());
        }

        string[] places = [.. mounts.Select(mount => Clean(mount.Destination!))];
        foreach (CtrMount hidden in spec.Mounts.Where(mount => places.Contains(Clean(mount.Destination ?? ""))).ToArray())
        {
            _ = spec.Mounts.Remove(hidden);
        }

        foreach (CtrMount mount in mounts)
        {
            spec.Mounts.Add(new CtrMount(CtrSpecObject.ReadObject(mount.ToJson(), "mount")));
        }
    }

    private static void AddEnvironment(CtrSpecProcess process, string name, string value)
    {
        if (!process.Env.Any(one => one.StartsWith(name + "=", StringComparison.Ordinal)))
        {
            process.Env.Add($"{name}={value}");
        }
    }

    private static void MakePrivileged(CtrSpec spec, CtrContainerOptions options, SpecMachine machine)
    {
        CtrSpecCapabilities capabilities = spec.Process.Capabilities;
        capabilities.Bounding = capabilities.Effective = capabilities.Permitted = new CtrSpecList<string>(machine.Capabilities);
        spec.Linux.SetJson("maskedPaths", null);
        spec.Linux.SetJson("readonlyPaths", null);
        foreach (CtrMount mount in spec.Mounts.Where(mount => mount.Type is "sysfs" or "cgroup"))
        {
            mount.Options = new CtrSpecList<string>(mount.Options.Select(option => option == "ro" ? "rw" : option));
        }

        if (!options.WithoutHostDevices)
        {
            spec.Linux.Resources.Devices = [new CtrSpecDeviceRule { Allow = true, Access = Access }];
            foreach (CtrSpecDevice device in machine.Devices())
            {
                spec.Linux.Devices.Add(device);
            }
        }
    }

    private static void UseHostNetwork(CtrSpec spec, SpecMachine machine)
    {
        foreach (CtrSpecNamespace network in spec.Linux.Namespaces.Where(one => one.Type == "network").ToArray())
        {
            _ = spec.Linux.Namespaces.Remove(network);
        }

        foreach (string file in new[] { "/etc/hosts", "/etc/resolv.conf" })
        {
            spec.Mounts.Add(new CtrMount { Destination = file, Type = "bind", Source = file, Options = ["rbind", "ro"] });
        }

        if (machine.HostName is { } name)
        {
            spec.Process.Env = new CtrSpecList<string>(EnvironmentList.Merge(spec.Process.Env, [$"HOSTNAME={name}"]));
        }
    }

    private static void ApplyCapabilities(CtrSpecCapabilities capabilities, CtrContainerOptions options, SpecMachine machine)
    {
        string[] added = [.. options.AddCapabilities.SelectMany(Expand)];
        string[] dropped = [.. options.DropCapabilities.SelectMany(Expand)];

        // All are dropped before the others are added: -CapDrop ALL -CapAdd NET_ADMIN leaves one, as with docker.
        bool dropsAll = options.DropCapabilities.Any(IsAll);
        if (added.Length + dropped.Length > 0)
        {
            capabilities.Bounding = Change(capabilities.Bounding);
            capabilities.Effective = Change(capabilities.Effective);
            capabilities.Permitted = Change(capabilities.Permitted);
            if (capabilities.Inheritable.Count > 0)
            {
                capabilities.Inheritable = new CtrSpecList<string>(capabilities.Inheritable.Except(dropped));
            }
        }

        CtrSpecList<string> Change(IEnumerable<string> set) => new(dropsAll ? added.Distinct() : set.Concat(added).Distinct().Except(dropped));

        IEnumerable<string> Expand(string given) => IsAll(given) ? machine.Capabilities : [SpecNames.Capability(given)];

        static bool IsAll(string given) => string.Equals(given, "ALL", StringComparison.OrdinalIgnoreCase);
    }

    private static void ApplySecurity(CtrSpec spec, CtrContainerOptions options, SpecMachine machine)
    {
        if (options.SeccompProfile is { } profile)
        {
            spec.Linux.SetJson("seccomp", CtrSpecObject.ReadObject(profile, "seccomp profile").ToJsonString());
        }
        else if (options.DefaultSeccomp)
        {
            spec.Linux.Seccomp = DefaultSeccomp.Create(machine.Architecture, spec.Process.Capabilities.Bounding);
        }

        spec.Process.ApparmorProfile = options.AppArmorProfile is { } name && !machine.HasAppArmor
            ? throw new CtrException(
                CtrErrorIds.NotSupported, CtrStatus.Unimplemented, $"The machine has no AppArmor: the profile '{name}' cannot apply.")
            {
                Target = name,
            }
            : options.AppArmorProfile;
    }

    private static void ApplyResources(CtrSpecResources resources, CtrContainerOptions options)
    {
        if (options.Cpus is not null && (options.CpuQuota is not null || options.CpuPeriod is not null))
        {
            throw Invalid("The processors as a number and a quota or period contradict each other: give one of them.");
        }

        CtrSpecCpu cpu = resources.Cpu;
        if (options.Cpus is { } cpus)
        {
            cpu.Quota = (long)(cpus * Period);
            cpu.Period = (ulong)Period;
        }

        // What is not given stays out of the spec.
        cpu.Quota = options.CpuQuota ?? cpu.Quota;
        cpu.Period = (ulong?)options.CpuPeriod ?? cpu.Period;
        cpu.Shares = (ulong?)options.CpuShares;
        cpu.Cpus = options.CpusetCpus;
        cpu.Mems = options.CpusetMems;
        resources.Memory.Limit = options.Memory;
        resources.Memory.Swap = options.MemorySwap;
        resources.Pids.Limit = options.PidsLimit;
    }

    private static void ApplyLinux(CtrSpecLinux linux, CtrContainerOptions options, SpecMachine machine)
    {
        foreach (string given in options.Devices)
        {
            foreach ((CtrSpecDevice device, string access) in FindDevices(given, machine))
            {
                linux.Devices.Add(device);
                linux.Resources.Devices.Add(
                    new CtrSpecDeviceRule { Allow = true, Type = device.Type, Major = device.Major, Minor = device.Minor, Access = access });
            }
        }

        foreach ((string given, string path) in options.JoinNamespaces)
        {
            string kind = SpecNames.Namespace(given);
            if (linux.Namespaces.FirstOrDefault(one => one.Type == kind) is { } own)
            {
                own.Path = path;
            }
            else
            {
                linux.Namespaces.Add(new CtrSpecNamespace { Type = kind, Path = path });
            }
        }

        if (options.UidMappings.Count + options.GidMappings.Count > 0)
        {
            if (options.UidMappings.Count == 0 || options.GidMappings.Count == 0)
            {
                throw Invalid("A user namespace needs both user ids and group ids.");
            }

            if (!linux.Namespaces.Any(one => one.Type == "user"))
            {
                linux.Namespaces.Add(new CtrSpecNamespace { Type = "user" });
            }

            linux.UidMappings = new CtrSpecList<CtrSpecIdMapping>(options.UidMappings);
            linux.GidMappings = new CtrSpecList<CtrSpecIdMapping>(options.GidMappings);
        }

        if (options.CgroupPath is { } path2)
        {
            linux.CgroupsPath = path2.Length == 0 ? null : path2;
        }

        linux.RootfsPropagation = options.RootFsPropagation;
        if (options.RdtClass is { } rdt)
        {
            linux.SetJson("intelRdt", $"{{\"closID\":{System.Text.Json.JsonSerializer.Serialize(rdt)}}}");
        }
    }

    private static IEnumerable<(CtrSpecDevice Device, string Access)> FindDevices(string given, SpecMachine machine)
    {
        string[] parts = given.Split(':');
        string access = parts.Length > 2 ? parts[2] : Access;
        return parts.Length > 3 || !parts[0].StartsWith('/') || access.Length == 0 || access.Any(c => !Access.Contains(c, StringComparison.Ordinal))
            ? throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"'{given}' is not a device. A device is written path[:path in the container[:rwm]], as in /dev/fuse.")
            {
                Target = given,
            }
            : machine.DevicesAt(parts[0], parts.Length > 1 && parts[1].Length > 0 ? parts[1] : parts[0]).Select(device => (device, access));
    }

    private static void SetRlimit(CtrSpecProcess process, string type, ulong soft, ulong hard)
    {
        CtrSpecRlimit? there = process.Rlimits.FirstOrDefault(one => one.Type == type);
        if (there is null)
        {
            there = new CtrSpecRlimit { Type = type };
            process.Rlimits.Add(there);
        }

        (there.Soft, there.Hard) = soft <= hard
            ? (soft, hard)
            : throw Invalid(string.Create(CultureInfo.InvariantCulture, $"The soft limit of {type}, {soft}, is above the hard one, {hard}."));
    }

    private static string Clean(string path) => path.Length > 1 ? path.TrimEnd('/') : path;

    private static CtrException Invalid(string message) => new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, message);
}
