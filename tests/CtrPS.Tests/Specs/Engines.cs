using CtrPS.Rig;
using CtrPS.Tests.Shells;

namespace CtrPS.Tests.Specs;

/// <summary>The shells and a private containerd per generation, for all specs.</summary>
public sealed class Engines : IAsyncLifetime
{
    /// <summary>What is in namespace k8s.io of each; arm is in namespace web as well.</summary>
    private static readonly string[] Images = ["nginx", "busybox", "index", "index-full", "attested", "absent", "arm", "names"];

    private readonly Dictionary<Generation, Task<ContainerdRig>> _rigs = [];

    private StandInShell StandIn { get; } = new();

    /// <summary>Null where there is none on the PATH.</summary>
    public PwshShell? Pwsh { get; } = PwshShell.TryStart();

    public Task InitializeAsync()
    {
        foreach (Generation generation in Generations.All)
        {
            _rigs[generation] = StartAsync(generation);
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// Runs the lines one after another in each engine, which must agree in all that they give. Lines that change something must leave all
    /// as it was: the next engine runs them too. <c>{address}</c> stands for the daemon's address, <c>{archives}</c> for the folder with the
    /// images' archives.
    /// </summary>
    /// <returns>What the stand-in gave.</returns>
    public async Task<IReadOnlyList<ShellResult>> RunAsync(Generation generation, params string[] lines)
    {
        string address = await AddressAsync(generation);
        string archives = Path.GetDirectoryName(await RigImages.ArchiveAsync("busybox-docker"))!;
        lines = [.. lines.Select(line => line.Replace("{address}", address, StringComparison.Ordinal).Replace("{archives}", archives, StringComparison.Ordinal))];
        ShellResult[] expected = [.. lines.Select(line => StandIn.Run(address, line))];
        for (int i = 0; Pwsh is not null && i < lines.Length; i++)
        {
            Agreement.Assert(lines[i], expected[i], Pwsh.Run(address, lines[i]), timesMayDiffer: lines.Length > 1);
        }

        return expected;
    }

    /// <summary>What each engine offers at the end of a line; they must agree.</summary>
    public async Task<IReadOnlyList<string>> CompleteAsync(Generation generation, string line)
    {
        string address = await AddressAsync(generation);
        IReadOnlyList<string> offered = StandIn.Complete(address, line);
        Assert.Equal(offered, Pwsh?.Complete(address, line) ?? offered);
        return offered;
    }

    /// <summary>The address of the daemon. Skips the test where it cannot be had.</summary>
    public async Task<string> AddressAsync(Generation generation)
    {
        try
        {
            return (await _rigs[generation]).Address;
        }
        catch (RigUnavailableException e)
        {
            throw new SkipException($"containerd {Generations.NameOf(generation)}: {e.Message}");
        }
    }

    public async Task DisposeAsync()
    {
        StandIn.Dispose();
        Pwsh?.Dispose();
        foreach (Task<ContainerdRig> rig in _rigs.Values.Where(rig => rig.IsCompletedSuccessfully))
        {
            await (await rig).DisposeAsync();
        }
    }

    private static async Task<ContainerdRig> StartAsync(Generation generation)
    {
        ContainerdRig rig = await ContainerdRig.StartAsync(generation);
        foreach (string image in Images)
        {
            _ = await RigImages.LoadAsync(rig, image, "k8s.io", unpack: false);
        }

        _ = await RigImages.LoadAsync(rig, "arm", "web", unpack: false);
        return rig;
    }
}

[CollectionDefinition(Name)]
public sealed class EngineCollection : ICollectionFixture<Engines>
{
    public const string Name = "engines";
}
