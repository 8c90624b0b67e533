using CtrPS.Rig;

namespace CtrPS.Client.Tests.Daemon;

/// <summary>One private containerd per generation for all tests of the collection, started when the first test asks for it.</summary>
public sealed class Daemons : IAsyncLifetime
{
    private readonly Dictionary<Generation, Task<ContainerdRig>> _rigs = [];

    /// <summary>All generations: the unavailable ones are skipped with the reason, not left out.</summary>
    public static TheoryData<Generation> Generations => [.. Rig.Generations.All];

    /// <summary>The daemon. Skips the test where it cannot be had.</summary>
    public async Task<ContainerdRig> GetAsync(Generation generation)
    {
        try
        {
            Task<ContainerdRig> rig;
            lock (_rigs)
            {
                if (!_rigs.TryGetValue(generation, out rig!))
                {
                    _rigs[generation] = rig = ContainerdRig.StartAsync(generation);
                }
            }

            return await rig;
        }
        catch (RigUnavailableException e)
        {
            throw new SkipException($"containerd {Rig.Generations.NameOf(generation)}: {e.Message}");
        }
    }

    /// <summary>A connection of its own, so that nothing is in its cache.</summary>
    public async Task<ICtrConnection> ConnectAsync(Generation generation) =>
        await Connector.OpenAsync(CtrEndpoint.Parse((await GetAsync(generation)).Address), CancellationToken.None);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (Task<ContainerdRig> rig in _rigs.Values.Where(rig => rig.IsCompletedSuccessfully))
        {
            await (await rig).DisposeAsync();
        }
    }
}

[CollectionDefinition(Name)]
public sealed class DaemonCollection : ICollectionFixture<Daemons>
{
    public const string Name = "daemons";
}
