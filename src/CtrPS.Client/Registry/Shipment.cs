using System.Diagnostics;
using System.Text.Json.Nodes;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>What is to go to a registry, out of a namespace or another registry.</summary>
internal sealed record ShipmentOrder
{
    /// <summary>What was found of the image.</summary>
    public required ImageNode Root { get; init; }

    /// <summary>Where it is.</summary>
    public required IBlobSource Source { get; init; }

    /// <summary>What of it is wanted.</summary>
    public required SelectionRules Rules { get; init; }

    /// <summary>The image's name.</summary>
    public required string Name { get; init; }

    /// <summary>The image in words: <c>image 'x' in namespace 'y'</c>.</summary>
    public required string What { get; init; }

    /// <summary>What is done to it: <c>sent</c>, <c>copied</c>.</summary>
    public required string Done { get; init; }

    /// <summary>What to do where some platforms of it are whole and others are not.</summary>
    public required string Otherwise { get; init; }

    /// <summary>Where it goes.</summary>
    public required RepositoryClient Target { get; init; }

    /// <summary>Who says what refers to it, and where that can be read. Null: it goes without.</summary>
    public (IReferrerSource List, IBlobSource Source)? Referrers { get; init; }
}

/// <summary>What a shipment did.</summary>
/// <param name="Status">Whether anything was to be done.</param>
/// <param name="Host">The host that took it, as an address.</param>
/// <param name="Pushed">Blobs whose bytes were sent.</param>
/// <param name="Mounted">Blobs that another repository of the registry had.</param>
/// <param name="Skipped">Blobs that were there.</param>
/// <param name="BytesSent">Bytes that were sent.</param>
/// <param name="Duration">How long it took.</param>
internal sealed record Shipped(CtrSendStatus Status, string Host, int Pushed, int Mounted, int Skipped, long BytesSent, TimeSpan Duration);

/// <summary>
/// An image on its way to a registry, with what refers to it: all that is in the way is told before a byte moves, the image goes first and its tag
/// last of it, and then what refers to it, subjects before what refers to them.
/// </summary>
internal sealed class Shipment
{
    /// <summary>Questions about blobs under way at the same time.</summary>
    public const int Questions = 16;

    private readonly ShipmentOrder _order;
    private readonly MovedBlob[] _image;
    private readonly MovedBlob[][] _levels;
    private readonly ReferrerSet _referrers;

    private Shipment(
        ShipmentOrder order, ImageSelection selection, ImageNode top, MovedBlob[] image, ReferrerSet referrers, IReadOnlyList<string> warnings)
    {
        _order = order;
        _image = image;
        _referrers = referrers;
        HashSet<string> moved = [.. image.Select(blob => blob.Node.Descriptor.Digest)];
        _levels = [.. referrers.All.Select(one => one.Depth).Distinct().Order().Select(depth => referrers.Blobs(depth, moved, order.What).ToArray())];
        Selection = selection;
        Top = top;
        Warnings = warnings;
    }

    /// <summary>What is wanted of the image.</summary>
    public ImageSelection Selection { get; }

    /// <summary>What is to be the root at the registry.</summary>
    public ImageNode Top { get; }

    /// <summary>All that goes, that of the referrers too.</summary>
    public IEnumerable<MovedBlob> Blobs => _levels.Prepend(_image).SelectMany(blobs => blobs);

    /// <summary>What refers to the image and goes with it.</summary>
    public int Referrers => _referrers.All.Count;

    /// <summary>What the user should know, in sentences.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The platforms that go.</summary>
    public IReadOnlyList<string> Platforms => [.. Selection.Images.Select(image => image.Platform?.ToString()).OfType<string>().Distinct()];

    /// <summary>Looks for all that goes, and for all that is in the way.</summary>
    /// <exception cref="CtrException">See <see cref="MoveChecks"/> and <see cref="ReferrerWalk"/>.</exception>
    public static async Task<Shipment> PlanAsync(ShipmentOrder order, CancellationToken cancellationToken)
    {
        string cannot = $"The {order.What} cannot be {order.Done}";
        var selection = ImageSelection.Of(order.Root, order.Rules);
        await MoveChecks.RequireAsync(cannot, order.Name, order.Source, selection, order.Otherwise, cancellationToken).ConfigureAwait(false);
        (ImageNode top, IBlobSource from) =
            await SentRoot.OfAsync(order.Source, selection, order.Rules.Scope, cancellationToken).ConfigureAwait(false);
        MovedBlob[] image = [.. SentRoot.Nodes(selection, top).Select(node => new MovedBlob(node, selection.ManifestOf(node), from, order.What))];
        await MoveChecks.RequireReadableAsync(cannot, image, Questions, cancellationToken).ConfigureAwait(false);
        var warnings = new List<string>();
        if (!ReferenceEquals(top, order.Root))
        {
            string left = string.Join(
                ", ", selection.AllImages.Except(selection.Images).Select(one => one.Platform?.ToString() ?? one.Descriptor.Digest).Distinct());
            warnings.Add($"The {order.What} goes without {left}: at '{order.Target.Reference}' its digest is {top.Descriptor.Digest}, "
                + $"not {order.Root.Descriptor.Digest}.");
        }

        var referrers = ReferrerSet.None(order.Source);
        if (order.Referrers is { } known)
        {
            referrers = await new ReferrerWalk(known.List, known.Source, order.What)
                .FindAsync(image.Select(blob => blob.Node), cancellationToken).ConfigureAwait(false);
            warnings.AddRange(referrers.LeftOut);
            if (!ReferenceEquals(top, order.Root)
                && await known.List.ListAsync(order.Root.Descriptor.Digest, cancellationToken).ConfigureAwait(false) is { Count: > 0 } stay)
            {
                warnings.Add($"What refers to {order.Root.Descriptor.Digest} stays behind ({stay.Count}): what goes of the {order.What} has another "
                    + "digest.");
            }
        }

        var shipment = new Shipment(order, selection, top, image, referrers, warnings);
        await MoveChecks.RequireReadableAsync(cannot, shipment._levels.SelectMany(blobs => blobs), Questions, cancellationToken)
            .ConfigureAwait(false);
        return shipment;
    }

    /// <summary>Does it.</summary>
    /// <param name="mountable">Repositories of the registry that a blob was fetched from or sent to before.</param>
    /// <param name="askForAll">Ask for each blob, also where the name points to the image already.</param>
    /// <param name="concurrency">Blobs sent at the same time.</param>
    /// <param name="meter">Counts the bytes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Shipped> RunAsync(
        Func<string, IEnumerable<string>> mountable, bool askForAll, int concurrency, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var sink = new RegistrySink(_order.Target, Top, mountable);
        var transfer = new BlobTransfer(sink, _order.Done, concurrency, meter);
        var tallies = new List<TransferTally>();

        // A registry takes a manifest only with all that it names: where the name points to it already, nothing of the image is left to send.
        bool isThere = !askForAll && await sink.HasAsync(Top, cancellationToken).ConfigureAwait(false);
        foreach (MovedBlob[] blobs in isThere ? _levels : _levels.Prepend(_image))
        {
            tallies.Add(await transfer.RunAsync(blobs, cancellationToken).ConfigureAwait(false));
        }

        long listed = await ListAsync(sink, cancellationToken).ConfigureAwait(false);
        int pushed = tallies.Sum(tally => tally.Written), mounted = tallies.Sum(tally => tally.Linked);
        return new Shipped(
            pushed + mounted == 0 && listed == 0 ? CtrSendStatus.UpToDate : CtrSendStatus.Sent,
            RegistryFaults.Show(sink.Host.Root),
            pushed,
            mounted,
            tallies.Sum(tally => tally.Present) + (isThere ? _image.Length : 0),
            sink.BytesSent + listed,
            clock.Elapsed);
    }

    /// <summary>Has what refers to the image be found at the registry: by itself, or by the tags that stand in for that.</summary>
    /// <returns>The bytes of the lists that were sent.</returns>
    private async Task<long> ListAsync(RegistrySink sink, CancellationToken cancellationToken)
    {
        long sent = 0;
        var tag = new ReferrerTag(_order.Target, sink.Host);
        foreach (IGrouping<string, Referrer> ofOne in _referrers.All.GroupBy(one => one.Subject))
        {
            Referrer[] unlisted = [.. ofOne.Where(one => sink.IsListed(one.Digest) != true)];

            // Of what was there already it is not known whether it is listed.
            if (unlisted.Length == 0 || (unlisted.All(one => sink.IsListed(one.Digest) is null)
                && await tag.IsKeptByRegistryAsync(ofOne.Key, cancellationToken).ConfigureAwait(false)))
            {
                continue;
            }

            var entries = new List<JsonObject>();
            foreach (Referrer one in unlisted)
            {
                Descriptor manifest = one.Selection.Root.Descriptor;
                entries.Add(ReferrerTag.EntryOf(
                    manifest, await _referrers.Source.ReadAsync(manifest, cancellationToken).ConfigureAwait(false)));
            }

            sent += await tag.AddAsync(ofOne.Key, entries, cancellationToken).ConfigureAwait(false);
        }

        return sent;
    }
}
