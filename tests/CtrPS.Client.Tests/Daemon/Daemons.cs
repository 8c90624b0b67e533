using CtrPS.Rig;

[assembly: AssemblyFixture(typeof(CtrPS.Client.Tests.Daemon.Daemons))]

namespace CtrPS.Client.Tests.Daemon;

/// <summary>
/// One private containerd per generation for all tests, started when the first test asks for it. Classes run side by side on it: a test keeps to namespaces of
/// its class. Who restarts a daemon, damages its blobs or measures all of it takes <see cref="OwnDaemons"/>.
/// </summary>
public class Daemons : IAsyncDisposable
{
    private readonly Dictionary<Generation, Task<ContainerdRig>> _rigs = [];

    /// <summary>All generations: the unavailable ones are skipped with the reason, not left out.</summary>
    public static TheoryData<Generation> Generations => [.. Rig.Generations.All];

    /// <summary>The daemon. Skips the test where it cannot be had.</summary>
    public Task<ContainerdRig> GetAsync(Generation generation)
    {
        lock (_rigs)
        {
            if (!_rigs.TryGetValue(generation, out Task<ContainerdRig>? rig))
            {
                _rigs[generation] = rig = ContainerdRig.StartAsync(generation);
            }

            return rig.OrSkipAsync();
        }
    }

    /// <summary>A connection of its own, so that nothing is in its cache.</summary>
    public async Task<ICtrConnection> ConnectAsync(Generation generation) =>
        await Connector.OpenAsync(CtrEndpoint.Parse((await GetAsync(generation)).Address), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        foreach (Task<ContainerdRig> rig in _rigs.Values.Where(rig => rig.IsCompletedSuccessfully))
        {
            await (await rig).DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}

/// <summary>The same for one class of tests alone.</summary>
public sealed class OwnDaemons : Daemons;
