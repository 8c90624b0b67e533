using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrImage: the images of one or more namespaces.</summary>
[Cmdlet(VerbsCommon.Get, "CtrImage")]
[OutputType(typeof(CtrImage))]
public sealed class GetCtrImageCommand : CtrListCmdlet
{
    /// <summary>Names, by docker's rules; wildcards match the full and the familiar form. Default: all.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, HelpMessage = "Names of images. Wildcards are allowed.")]
    [Alias("Name", "Reference")]
    [ImageIdentityTransformation(AllOfNamespace = true)]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrImageIdentity[]? Image { get; set; }

    /// <summary>containerd's own filters.</summary>
    [Parameter(HelpMessage = "Filters in containerd's own language, such as 'name~=nginx' or 'labels.team==web'.")]
    [ValidateNotNullOrEmpty]
    public string[] Filter { get; set; } = [];

    /// <summary>Only images that have a manifest for one of these platforms; Size is for the first that matches.</summary>
    [Parameter(HelpMessage = "Platforms, such as linux/arm64: only images for them, with the size for them.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>Every record as it is, aliases too, as ctr lists them.</summary>
    [Parameter(HelpMessage = "Every record as it is, aliases too, as ctr lists them.")]
    public SwitchParameter All { get; set; }

    /// <summary>One object per digest instead of one per name; Names has all of them.</summary>
    [Parameter(HelpMessage = "One object per digest instead of one per name.")]
    public SwitchParameter Unique { get; set; }

    /// <summary>List attestations (provenance, SBOM) among the platforms.</summary>
    [Parameter(HelpMessage = "List attestations among the platforms.")]
    public SwitchParameter IncludeAttestation { get; set; }

    /// <summary>Only images that were built on this one: whose layers, unpacked, begin with all of its layers.</summary>
    [Parameter(HelpMessage = "Only images that were built on this one: whose layers begin with all of its layers.")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrImageIdentity? BasedOn { get; set; }

    /// <summary>Only images that have a stored layer in common with this one.</summary>
    [Parameter(HelpMessage = "Only images that have a stored layer in common with this one.")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrImageIdentity? SharingLayerWith { get; set; }

    /// <summary>Only images that nothing works with.</summary>
    [Parameter(HelpMessage = "Only images that no container of any namespace uses, no lease holds, and nobody pinned.")]
    public SwitchParameter Unused { get; set; }

    private CtrImageDetail Detail => new() { Platforms = Platform, IncludeAttestations = IncludeAttestation };

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        if (Image is null)
        {
            Guard(null, () => List(null, TargetSession, null));
            return;
        }

        foreach (CtrImageIdentity wanted in Image)
        {
            Guard(wanted, () => List(wanted, SessionOf(wanted.Session, $"Image '{wanted.Name}'"), wanted.Namespace));
        }
    }

    private void List(CtrImageIdentity? wanted, CtrSession session, string? carriedNamespace)
    {
        ICtrConnection connection = Connect(session);
        IReadOnlyList<string> namespaces = Namespaces(connection, session, carriedNamespace, $"Image '{wanted?.Name}'");
        bool literal = wanted is not null && !ImageFinder.IsPattern(wanted);
        CtrImageKin? lower = BasedOn is null ? null : KinOf(BasedOn, connection, namespaces);
        CtrImageKin? sharer = SharingLayerWith is null ? null : KinOf(SharingLayerWith, connection, namespaces);
        IReadOnlySet<(string, string)>? unused = Unused ? Await(connection.Clearer.FindUnusedAsync) : null;
        int found = 0;
        bool exists = false;
        foreach (string name in namespaces)
        {
            IEnumerable<CtrImage> images = literal && Filter.Length == 0 ? Literal(connection, name, wanted!) : Listed(connection, name, wanted);
            images = images.Select(image =>
            {
                exists = true;
                return image;
            });
            images = Relatives(Relatives(images, connection, name, lower, CtrKinship.BasedOn), connection, name, sharer, CtrKinship.SharingLayer);
            images = images.Where(image => unused?.Contains((image.Namespace, image.Digest)) != false);
            foreach (CtrImage image in Unique ? OnePerDigest(images) : images)
            {
                found++;
                image.Session = session;
                WriteObject(image);
            }
        }

        if (found == 0 && literal && !exists)
        {
            throw Await(token => NotFoundAsync(connection, namespaces, wanted!.Name, token));
        }

        if (found == 0 && wanted is null && Filter.Length == 0 && Platform.Length == 0 && !exists)
        {
            WarnOfOthers(connection, session, namespaces, "images", name =>
                Pull(token => connection.Images.ListAsync(new CtrImageQuery { Namespace = name, Detail = CtrImageDetail.None }, token)).Any());
        }
    }

    /// <summary>
    /// What is known of the image that others are compared with. An object is read where it comes from; a name in the first of the namespaces that
    /// has it.
    /// </summary>
    private CtrImageKin KinOf(CtrImageIdentity given, ICtrConnection connection, IReadOnlyList<string> namespaces)
    {
        if (ImageFinder.IsPattern(given))
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{given.Name}' may be several images: one is compared with.")
            {
                Target = given.Name,
            };
        }

        ICtrConnection home = given.Session is { } own ? Connect(own) : connection;
        return Await(async token =>
        {
            foreach (string name in given.Namespace is { } named ? [named] : namespaces)
            {
                IReadOnlyList<CtrImage> found = await home.Images.LookUpAsync(
                    name, given.Name, CtrImageDetail.None, given.Image is { IsRecord: true }, token).ConfigureAwait(false);
                if (found is [CtrImage image, ..])
                {
                    return await home.Images.ReadKinAsync(image, Platform, token).ConfigureAwait(false);
                }
            }

            throw await ImageFinder.NotFoundAsync(home, given.Namespace is { } one ? [one] : namespaces, given.Name, token).ConfigureAwait(false);
        });
    }

    private IEnumerable<CtrImage> Relatives(
        IEnumerable<CtrImage> images, ICtrConnection connection, string @namespace, CtrImageKin? of, CtrKinship kinship)
    {
        if (of is null)
        {
            return images;
        }

        IReadOnlySet<string> relatives = Await(token => connection.Images.FindKinAsync(@namespace, of, kinship, Platform, token));
        return images.Where(image => relatives.Contains(image.Digest));
    }

    private IEnumerable<CtrImage> Literal(ICtrConnection connection, string @namespace, CtrImageIdentity wanted)
    {
        bool isRecord = wanted.Image is { IsRecord: true };
        return Await(token => connection.Images.LookUpAsync(@namespace, wanted.Name, Detail, All || isRecord, token))
            .Where(image => !isRecord || image.Name == wanted.Name);
    }

    /// <summary>The error for a literal name: the image is not there, or it is and does not match what else was asked for.</summary>
    private async Task<CtrException> NotFoundAsync(
        ICtrConnection connection, IReadOnlyList<string> namespaces, string name, CancellationToken cancellationToken)
    {
        foreach (string one in Platform.Length > 0 || Filter.Length > 0 ? namespaces : [])
        {
            IReadOnlyList<CtrImage> images =
                await connection.Images.LookUpAsync(one, name, CtrImageDetail.Full, All, cancellationToken).ConfigureAwait(false);
            if (images is [CtrImage image, ..])
            {
                string why = Platform.Length > 0
                    ? $"is not for {string.Join(", ", Platform.AsEnumerable())}: it is for {string.Join(", ", image.Platforms)}"
                    : "does not match the filter";
                return new CtrException(CtrErrorIds.ImageNotFound, CtrStatus.NotFound, $"The image '{image.Name}' in namespace '{one}' {why}.")
                {
                    Target = name,
                };
            }
        }

        return await ImageFinder.NotFoundAsync(connection, namespaces, name, cancellationToken).ConfigureAwait(false);
    }

    private IEnumerable<CtrImage> Listed(ICtrConnection connection, string @namespace, CtrImageIdentity? wanted)
    {
        var query = new CtrImageQuery
        {
            Namespace = @namespace,
            Filters = Filter,
            AllRecords = All,
            Match = wanted is null ? null : ImageFinder.Matcher(wanted),
            Detail = Detail,
        };
        return Pull(token => connection.Images.ListAsync(query, token));
    }

    /// <summary>Groups names of one digest under the first that has a tag.</summary>
    private static IEnumerable<CtrImage> OnePerDigest(IEnumerable<CtrImage> images) => images
        .GroupBy(image => image.Digest, StringComparer.Ordinal)
        .Select(group => (group.FirstOrDefault(image => image.Tag is not null) ?? group.First()).With(copy =>
        {
            copy.Names = group.Select(image => image.Name).ToArray();
        }));
}
