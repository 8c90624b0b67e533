using System.Security.Cryptography;
using System.Text;
using Containerd.Services.Containers.V1;
using Containerd.Services.Content.V1;
using Containerd.Services.Images.V1;
using Containerd.Services.Leases.V1;
using Containerd.Services.Sandbox.V1;
using Containerd.Services.Snapshots.V1;
using Containerd.Types;
using CtrPS.Client.Connection;
using CtrPS.Client.Storage;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace CtrPS.Client.Tests.Storage;

/// <summary>
/// What the collector is said to take is what it takes: random graphs, each in a namespace of its own, and one collection of the daemon for all.
/// </summary>
public sealed class GarbagePredictionTests(OwnDaemons daemons) : IClassFixture<OwnDaemons>
{
    private const int Graphs = 200;
    private const int Seed = 20261129;
    private const string Hold = "hold";

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task What_is_predicted_is_what_goes(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        await using var connection = (ContainerdConnection)await daemons.ConnectAsync(generation);
        using GrpcChannel channel = ChannelFactory.Create(CtrEndpoint.Parse(rig.Address));
        var rules = CollectorRules.Of(connection.ServerVersion);
        IReadOnlyList<string> snapshotters = await connection.Facts.GetSnapshottersAsync(default);
        string[] used = [.. snapshotters.Where(name => name is "overlayfs" or "native")];
        Assert.NotEmpty(used);
        var random = new Random(Seed);
        for (int i = 0; i < Graphs; i++)
        {
            await new RandomGraph(channel, random, rules, used, $"graph{i}").MakeAsync();
        }

        IReadOnlyList<NamespaceRecords> before = await connection.Reader.ReadAsync(default);
        HashSet<GraphNode> predicted =
        [
            .. before.SelectMany(one => CollectorView.FindGarbage(one, rules, DateTimeOffset.Now, lease => lease.Id == Hold)),
        ];

        var leases = new Containerd.Services.Leases.V1.Leases.LeasesClient(channel);
        foreach (NamespaceRecords one in before)
        {
            bool isLast = one == before[^1];
            _ = await leases.DeleteAsync(new DeleteRequest { Id = Hold, Sync = isLast }, Headers(one.Name));
        }

        HashSet<GraphNode> gone = [.. before.SelectMany(one => CollectorView.Collectible(one, rules))];
        gone.ExceptWith((await connection.Reader.ReadAsync(default)).SelectMany(one => CollectorView.Collectible(one, rules)));
        Assert.Equal(Order(gone), Order(predicted));

        // It is no test where all or nothing goes.
        foreach (CtrResourceKind kind in (CtrResourceKind[])[CtrResourceKind.Content, CtrResourceKind.Snapshot, CtrResourceKind.Ingest])
        {
            int all = before.SelectMany(one => CollectorView.Collectible(one, rules)).Count(node => node.Kind == kind);
            Assert.InRange(gone.Count(node => node.Kind == kind), all / 20, all * 9 / 10);
        }
    }

    private static string[] Order(IEnumerable<GraphNode> nodes) => [.. nodes.Select(node => node.ToString()).Order(StringComparer.Ordinal)];

    private static CallOptions Headers(string @namespace, string? lease = null)
    {
        var headers = new Metadata { { "containerd-namespace", @namespace } };
        if (lease is not null)
        {
            headers.Add("containerd-lease", lease);
        }

        return new CallOptions(headers);
    }

    /// <summary>One namespace. What is made is held by a lease until all is there, as the daemon may collect at any time.</summary>
    private sealed class RandomGraph(GrpcChannel channel, Random random, CollectorRules rules, string[] snapshotters, string name)
    {
        private readonly Containerd.Services.Content.V1.Content.ContentClient _content = new(channel);
        private readonly Containerd.Services.Snapshots.V1.Snapshots.SnapshotsClient _snapshots = new(channel);
        private readonly Containerd.Services.Images.V1.Images.ImagesClient _images = new(channel);
        private readonly Containerd.Services.Leases.V1.Leases.LeasesClient _leases = new(channel);
        private readonly Containerd.Services.Containers.V1.Containers.ContainersClient _containers = new(channel);
        private readonly Store.StoreClient _sandboxes = new(channel);
        private readonly List<(string Snapshotter, string Key)> _made = [];
        private byte[][] _bytes = [];
        private string[] _digests = [];

        public async Task MakeAsync()
        {
            _ = await _leases.CreateAsync(new CreateRequest { Id = Hold }, Headers(name));
            _bytes = [.. Enumerable.Range(0, random.Next(1, 7)).Select(i => Encoding.UTF8.GetBytes($"{name} {i}"))];
            _digests = [.. _bytes.Select(bytes => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)))];
            for (int i = random.Next(4); i > 0; i--)
            {
                await MakeSnapshotAsync($"snapshot{i}");
            }

            for (int i = 0; i < _bytes.Length; i++)
            {
                await WriteAsync($"blob{i}", _bytes[i], _digests[i], Hold);
            }

            for (int i = random.Next(3); i > 0; i--)
            {
                await MakeLeaseAsync($"lease/{i}");
            }

            if (Chance(3))
            {
                await WriteAsync("unleased", [1, 2, 3], null, null);
            }

            // Others are of leases whose time may be over: those can be gone before anything is written under them.
            if (Chance(4))
            {
                await WriteAsync("held", [1, 2, 3, 4], null, Hold);
            }

            for (int i = random.Next(3); i > 0; i--)
            {
                var image = new Image { Name = $"image:{i}", Target = new ContentDescriptor { MediaType = "x/y", Digest = Digest(), Size = 1 } };
                image.Labels.Add(Labels());
                _ = await _images.CreateAsync(new CreateImageRequest { Image = image }, Headers(name));
            }

            if (Chance(4))
            {
                await MakeContainerAsync();
            }

            if (rules.TakesImages && Chance(6))
            {
                var sandbox = new Sandbox { SandboxId = "sandbox", Runtime = new Sandbox.Types.Runtime { Name = "io.containerd.runc.v2" } };
                sandbox.Labels.Add(Labels());
                _ = await _sandboxes.CreateAsync(new StoreCreateRequest { Sandbox = sandbox }, Headers(name));
            }
        }

        private bool Chance(int oneOf) => random.Next(oneOf) == 0;

        private T Any<T>(IReadOnlyList<T> some) => some[random.Next(some.Count)];

        private string Digest() => Chance(8) ? "sha256:" + new string('0', 64) : Any(_digests);

        private string SnapshotKey() => Chance(6) || _made.Count == 0 ? "none/of\nthem" : Any(_made).Key;

        private string ImageName() => $"image:{random.Next(1, 3)}";

        private Dictionary<string, string> Labels()
        {
            var labels = new Dictionary<string, string>();
            for (int i = random.Next(4); i > 0; i--)
            {
                (string key, string value) = random.Next(16) switch
                {
                    0 or 1 => ("containerd.io/gc.ref.content", Digest()),
                    2 or 3 => ($"containerd.io/gc.ref.content.l.{i}", Digest()),
                    4 => ("containerd.io/gc.ref.content/x", Digest()),
                    5 => ("containerd.io/gc.ref.contents", Digest()),
                    6 or 7 => ($"containerd.io/gc.ref.snapshot.{Any(snapshotters)}", SnapshotKey()),
                    8 => ($"containerd.io/gc.ref.snapshot.{Any(snapshotters)}/x", SnapshotKey()),
                    9 => ("containerd.io/gc.ref.image", ImageName()),
                    10 => ("containerd.io/gc.root", "2020-01-01T00:00:00Z"),
                    11 => ("containerd.io/gc.root.x", "now"),
                    12 => ("containerd.io/gc.bref.content.x", Digest()),
                    13 => ($"containerd.io/gc.bref.snapshot.{Any(snapshotters)}", SnapshotKey()),
                    14 => ("containerd.io/gc.bref.image", ImageName()),
                    _ => ("containerd.io/gc.expire", Expiry()),
                };
                labels[key] = value;
            }

            return labels;
        }

        private string Expiry() => random.Next(5) switch
        {
            0 => "2099-01-01T00:00:00Z",
            1 => "soon",
            2 => "2020-01-01T00:00:00", // no zone, no time of RFC 3339
            3 => "2020-01-01T00:00:00.5+02:00",
            _ => "2020-01-01T00:00:00Z",
        };

        private async Task WriteAsync(string reference, byte[] bytes, string? digest, string? lease)
        {
            using AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> call = _content.Write(Headers(name, lease));
            var request = new WriteContentRequest
            {
                Action = digest is null ? WriteAction.Write : WriteAction.Commit,
                Ref = reference,
                Total = digest is null ? 100 : bytes.Length,
                Data = ByteString.CopyFrom(bytes),
            };
            if (digest is not null)
            {
                request.Expected = digest;
                request.Labels.Add(Labels());
            }

            await call.RequestStream.WriteAsync(request);
            Assert.True(await call.ResponseStream.MoveNext(default));
            await call.RequestStream.CompleteAsync();
            _ = await call.ResponseStream.MoveNext(default);
        }

        private async Task MakeSnapshotAsync(string key)
        {
            string snapshotter = Any(snapshotters);
            string[] parents = [.. _made.Where(one => one.Snapshotter == snapshotter && !one.Key.StartsWith('a')).Select(one => one.Key)];
            string parent = parents.Length == 0 || Chance(3) ? "" : Any(parents);
            bool isActive = Chance(3);
            string made = isActive ? "active" + key : key;
            var prepare = new PrepareSnapshotRequest { Snapshotter = snapshotter, Key = "active" + key, Parent = parent };
            prepare.Labels.Add(isActive ? Labels() : []);
            _ = await _snapshots.PrepareAsync(prepare, Headers(name, Hold));
            if (!isActive)
            {
                var commit = new CommitSnapshotRequest { Snapshotter = snapshotter, Key = "active" + key, Name = key };
                commit.Labels.Add(Labels());
                _ = await _snapshots.CommitAsync(commit, Headers(name, Hold));
            }

            _made.Add((snapshotter, made));
        }

        /// <summary>One whose time is over may be gone before anything is put under it.</summary>
        private async Task MakeLeaseAsync(string id)
        {
            var request = new CreateRequest { Id = id };
            if (Chance(2))
            {
                request.Labels.Add("containerd.io/gc.expire", Expiry());
            }

            if (Chance(3))
            {
                request.Labels.Add("containerd.io/gc.flat", "");
            }

            _ = await _leases.CreateAsync(request, Headers(name));
            try
            {
                for (int i = random.Next(3); i > 0; i--)
                {
                    Resource resource = random.Next(rules.TakesImages ? 3 : 2) switch
                    {
                        0 => new Resource { Type = "content", Id = Digest() },
                        1 => new Resource { Type = $"snapshots/{Any(snapshotters)}", Id = SnapshotKey() },
                        _ => new Resource { Type = "images", Id = ImageName() },
                    };
                    _ = await _leases.AddResourceAsync(new AddResourceRequest { Id = id, Resource = resource }, Headers(name));
                }

                if (Chance(2))
                {
                    // Before it is written: a collection may come at once.
                    var held = new Resource { Type = "ingests", Id = $"ingest-{id}" };
                    _ = await _leases.AddResourceAsync(new AddResourceRequest { Id = Hold, Resource = held }, Headers(name));
                    await WriteAsync($"ingest-{id}", [1, 2], null, id);
                }
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
            {
                return;
            }
        }

        private async Task MakeContainerAsync()
        {
            var container = new Container
            {
                Id = "container",
                Runtime = new Container.Types.Runtime { Name = "io.containerd.runc.v2" },
                Spec = new Any { TypeUrl = "x", Value = ByteString.CopyFromUtf8("{}") },
            };
            if (_made.Count > 0 && Chance(2))
            {
                (container.Snapshotter, container.SnapshotKey) = Any(_made);
            }

            container.Labels.Add(Labels());
            _ = await _containers.CreateAsync(new CreateContainerRequest { Container = container }, Headers(name));
        }
    }
}
