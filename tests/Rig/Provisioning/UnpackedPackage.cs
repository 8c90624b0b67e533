using CtrPS.Rig.Processes;

namespace CtrPS.Rig.Provisioning;

/// <summary>A Debian package of a given suite, downloaded with a private apt state and unpacked in the cache, never installed.</summary>
internal sealed record UnpackedPackage(string Name, string Suite)
{
    /// <summary>
    /// Whether all that it depends on is unpacked with it, down to the C library: it comes from a release that this system does not have.
    /// </summary>
    public bool WithDependencies { get; init; }

    /// <summary>Tests that need it are skipped where it cannot be had.</summary>
    public bool MayLack { get; init; }

    public string Folder { get; } = Path.Combine(RigCache.Folder, "packages", $"{Name}_{Suite}");

    public bool IsUnpacked => Directory.Exists(Folder);

    public override string ToString() => $"{Name} of Debian {Suite}";

    public Task UnpackAsync(DebianSource source, CancellationToken cancellationToken) =>
        RigCache.GetOrMakeAsync(Folder, (partial, cancel) => DownloadAndUnpackAsync(source, partial, cancel), cancellationToken);

    private async Task DownloadAndUnpackAsync(DebianSource source, string target, CancellationToken cancellationToken)
    {
        await using var folder = await RigFolder.CreateAsync();
        var work = folder.Path;
        Directory.CreateDirectory(Path.Combine(work, "lists", "partial"));
        Directory.CreateDirectory(Path.Combine(work, "cache", "archives", "partial"));
        await File.WriteAllTextAsync(Path.Combine(work, "apt.sources"), source.ToStanza(Suite), cancellationToken);
        string[] options =
        [
            "-o", $"Dir::State={work}", "-o", "Dir::State::status=/dev/null", "-o", $"Dir::Cache={work}/cache",
            "-o", $"Dir::Etc::sourcelist={work}/apt.sources", "-o", "Dir::Etc::sourceparts=/dev/null",
            "-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none", "-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
        ];
        await AptAsync(["update", "--error-on=any", .. options], work, cancellationToken);
        string[] download = WithDependencies ? ["install", "-y", "--no-install-recommends", "--download-only"] : ["download"];
        await AptAsync([.. download, .. options, Name], work, cancellationToken);
        Directory.CreateDirectory(target);
        foreach (var archive in Directory.GetFiles(work, "*.deb", SearchOption.AllDirectories))
        {
            (await Command.RunAsync("dpkg", ["-x", archive, target], cancellationToken: cancellationToken)).Check();
        }
    }

    private async Task AptAsync(string[] arguments, string folder, CancellationToken cancellationToken)
    {
        var result = await Command.RunAsync("apt-get", ["-q", .. arguments], workingDirectory: folder, cancellationToken: cancellationToken);
        if (result.ExitCode != 0)
        {
            throw new RigUnavailableException($"{this} cannot be had: {result.Error.Trim()}");
        }
    }
}
