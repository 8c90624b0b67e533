using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Archives;

/// <summary>Alone: it measures the memory of the process.</summary>
[CollectionDefinition(nameof(FuzzTests), DisableParallelization = true)]
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "xunit's word")]
public sealed class FuzzCollection;

/// <summary>
/// Thousands of wrong archives, made of real ones, through list, test and import: each ends soon, in little memory, with a result or an error of the
/// module's own. They are the same in every run, and told by their numbers; a number in CTRPS_FUZZ_SEED makes others.
/// </summary>
[Collection(nameof(FuzzTests))]
public sealed class FuzzTests(Daemons daemons) : IDisposable
{
    private const int DefaultSeed = 20260;
    private const int Inputs = 2000;

    /// <summary>Every so many inputs one is imported, and every so many of these unpacked.</summary>
    private const int PerImport = 5;
    private const int PerUnpack = 4;

    private const int PerCollection = 20;

    private const long MaxGrowth = 300L << 20;
    private const string Namespace = "fuzz";

    private static readonly int Seed = int.Parse(
        Environment.GetEnvironmentVariable("CTRPS_FUZZ_SEED") ?? $"{DefaultSeed}", CultureInfo.InvariantCulture);

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctrps-");
    private readonly ConcurrentQueue<string> _wrong = new();
    private readonly ConcurrentDictionary<string, int> _ends = new(StringComparer.Ordinal);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Whatever_is_in_an_archive_ends_in_a_result_or_an_error_of_ours()
    {
        ContainerdRig rig = await daemons.GetAsync(Generation.V2);
        await using ICtrConnection connection = await daemons.ConnectAsync(Generation.V2);
        var mutator = new ArchiveMutator(Seed, await BasesAsync());
        using var growth = new Growth();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Inputs),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            async (number, _) => await TryAsync(number, mutator, connection, rig.Snapshotter));
        Assert.True(_wrong.IsEmpty, $"{_wrong.Count} went wrong:\n{string.Join('\n', _wrong.Take(20))}");
        Assert.InRange(growth.Most, 0, MaxGrowth);

        // It would prove little if nothing, or everything, came through, or all were refused for the same reason.
        string ends = string.Join('\n', _ends.OrderBy(end => end.Key, StringComparer.Ordinal).Select(end => $"{end.Key}: {end.Value}"));
        TestContext.Current.TestOutputHelper?.WriteLine($"{ends}\nmemory: {growth.Most >> 20} MiB more");
        Assert.InRange(_ends["test: Ok"], Inputs / 20, Inputs * 9 / 10);
        Assert.InRange(_ends["import: Ok"], Inputs / PerImport / 20, Inputs / PerImport * 9 / 10);
        Assert.True(_ends.Count > 20, ends);
        foreach (string words in new[] { "images", "content", "snapshots", "leases" })
        {
            _ = await rig.CtrAsync("-n", Namespace, words, "ls"); // the daemon answers still
        }
    }

    /// <summary>Archives that tools wrote, of some KB and of one MB, in each of the forms.</summary>
    private static async Task<IReadOnlyList<byte[]>> BasesAsync()
    {
        var bases = new List<byte[]>();
        foreach (string image in new[] { "many:3", "many:20", "many:3", "nested", "attested", "index-full", "busybox-docker" })
        {
            bases.Add(await File.ReadAllBytesAsync(await Archives.RealAsync(image)));
        }

        return bases;
    }

    private async Task TryAsync(int number, ArchiveMutator mutator, ICtrConnection connection, string snapshotter)
    {
        (byte[] bytes, string recipe) = mutator.Make(number);
        string path = Path.Combine(_folder.FullName, number.ToString(CultureInfo.InvariantCulture) + ".tar");
        await File.WriteAllBytesAsync(path, bytes);
        using var stop = new CancellationTokenSource(Deadline);
        string step = "list";
        try
        {
            // On another thread: what does not look at its token is no less a hang.
            await Task.Run(() => AllAsync(path, number, connection, snapshotter, one => step = one, stop.Token), CancellationToken.None)
                .WaitAsync(2 * Deadline, CancellationToken.None);
        }
        catch (Exception e)
        {
            _wrong.Enqueue($"{number}, {step} ({recipe}): {e}");
        }

        File.Delete(path);
        if (number % PerCollection == 0)
        {
            GC.Collect(); // what making the archives leaves is not what is measured
        }
    }

    private async Task AllAsync(
        string path, int number, ICtrConnection connection, string snapshotter, Action<string> step, CancellationToken cancellationToken)
    {
        List<CtrArchiveImage>? images = await OrRefusedAsync(
            "list", async () => await Connector.Archives.ListAsync(path, cancellationToken).ToListAsync(cancellationToken));
        Count("list", images is null ? null : "Ok");
        step("test");
        List<CtrArchiveCheck>? checks = await OrRefusedAsync("test", async () =>
            await Connector.Archives.VerifyAsync(path, number % 2 == 0, new CtrTransferMeter(), cancellationToken).ToListAsync(cancellationToken));
        string? status = checks?.Select(check => check.Status).DefaultIfEmpty(CtrBlobStatus.Missing).Max().ToString();
        Count("test", status);
        bool sound = status == nameof(CtrBlobStatus.Ok);
        if (number % PerImport == 0)
        {
            step("import");
            bool unpack = number % (PerImport * PerUnpack) == 0;
            var request = new CtrImportRequest
            {
                Path = path, Namespace = Namespace, Unpack = unpack, Snapshotter = unpack ? snapshotter : null, AllPlatforms = !unpack,
            };
            CtrException? refusal = await ImportAsync(connection, request, cancellationToken);
            Count("import", refusal?.ErrorId ?? "Ok");
            if (sound && !unpack && refusal?.ErrorId is CtrErrorIds.BlobCorrupt or CtrErrorIds.BlobMissing)
            {
                throw new InvalidOperationException($"What the test calls sound is refused: {refusal.Message}", refusal);
            }
        }
    }

    /// <summary>Null where all is imported; else why not.</summary>
    private static async Task<CtrException?> ImportAsync(ICtrConnection connection, CtrImportRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await using ICtrImportPlan plan = await connection.Importer.PlanAsync(request, cancellationToken);
            if (plan.Faults.Count > 0)
            {
                return plan.Faults[0];
            }

            CtrImportOutcome outcome = await plan.RunAsync(new CtrTransferMeter(), cancellationToken);
            Assert.Equal(plan.Names.Count, outcome.Images.Count);
            return null;
        }
        catch (CtrException e) when (!e.IsConnectionFault)
        {
            return e;
        }
    }

    private void Count(string step, string? end)
    {
        if (end is not null)
        {
            _ = _ends.AddOrUpdate($"{step}: {end}", 1, (_, count) => count + 1);
        }
    }

    /// <summary>The result. Null where it was refused in the module's own words.</summary>
    private async Task<T?> OrRefusedAsync<T>(string step, Func<Task<T>> work)
        where T : class
    {
        try
        {
            return await work();
        }
        catch (CtrException e)
        {
            Assert.InRange(e.Message.Length, 10, 5000);
            Count(step, e.ErrorId);
            return null;
        }
    }

    /// <summary>How much the process grows, looked at all the time.</summary>
    private sealed class Growth : IDisposable
    {
        private readonly long _before;
        private readonly Timer _timer;
        private long _most;

        public Growth()
        {
            GC.Collect();
            _before = Now;
            _timer = new Timer(_ => _most = Math.Max(_most, Now - _before), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(20));
        }

        public long Most => Volatile.Read(ref _most);

        private static long Now
        {
            get
            {
                using var self = Process.GetCurrentProcess();
                return self.WorkingSet64;
            }
        }

        public void Dispose() => _timer.Dispose();
    }
}
