namespace CtrPS.Commands;

/// <summary>
/// The images of a namespace at a moment, to tell of many whether they are there, what else points to the same, and which containers use them, with a
/// call for each of these questions.
/// </summary>
internal sealed class RemovableImages
{
    private readonly ICtrConnection _connection;
    private readonly string _namespace;
    private readonly IReadOnlyList<CtrImage> _images;
    private readonly Dictionary<string, CtrImage> _byName;
    private readonly ILookup<string, CtrImage> _byAlias;
    private readonly ILookup<string, string> _namesByDigest;
    private ILookup<string, string>? _users;

    private RemovableImages(ICtrConnection connection, string @namespace, IReadOnlyList<CtrImage> images)
    {
        _connection = connection;
        _namespace = @namespace;
        _images = images;
        _byName = images.ToDictionary(image => image.Name, StringComparer.Ordinal);
        _byAlias = images
            .SelectMany(image => image.Aliases, (image, alias) => (alias, image))
            .ToLookup(one => one.alias, one => one.image, StringComparer.Ordinal);
        _namesByDigest = images.ToLookup(image => image.Digest, image => image.Name, StringComparer.Ordinal);
    }

    /// <summary>Reads a namespace.</summary>
    public static async Task<RemovableImages> ReadAsync(ICtrConnection connection, string @namespace, CancellationToken cancellationToken)
    {
        var images = new List<CtrImage>();
        var query = new CtrImageQuery { Namespace = @namespace, Detail = CtrImageDetail.None };
        await foreach (CtrImage image in connection.Images.ListAsync(query, cancellationToken).ConfigureAwait(false))
        {
            images.Add(image);
        }

        return new RemovableImages(connection, @namespace, images);
    }

    /// <summary>The images that an identity means. What a name means is told as <see cref="ImageFinder"/> does.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageNotFound"/>; <see cref="CtrErrorIds.AmbiguousReference"/>.</exception>
    public async Task<IReadOnlyList<CtrImage>> FindAsync(CtrImageIdentity wanted, CancellationToken cancellationToken)
    {
        if (ImageFinder.IsPattern(wanted))
        {
            Func<string, bool> matches = ImageFinder.Matcher(wanted);
            return [.. _images.Where(image => matches(image.Name))];
        }

        if (wanted.Image is { IsRecord: true } && (_byName.GetValueOrDefault(wanted.Name) ?? _byAlias[wanted.Name].FirstOrDefault()) is { } its)
        {
            return [its.With(copy => (copy.Name, copy.IsRecord, copy.Aliases) = (wanted.Name, true, CtrList<string>.Empty))];
        }

        if (_byName.TryGetValue(wanted.Name, out CtrImage? image))
        {
            return [image];
        }

        // An alias, a name in another form, the digits of a digest, or nothing; or an object whose name has become an alias: its record alone is
        // meant.
        var found = new List<CtrImage>();
        await foreach (CtrImage other in ImageFinder.FindAsync(
            _connection, _namespace, wanted, CtrImageDetail.Aliases, cancellationToken).ConfigureAwait(false))
        {
            found.Add(wanted.Image is null ? other : other.With(copy => (copy.IsRecord, copy.Aliases) = (true, CtrList<string>.Empty)));
        }

        return found;
    }

    /// <summary>The names of what an image points to. None for a record that stands for itself.</summary>
    public IEnumerable<string> NamesOf(CtrImage image) => image.IsRecord ? [] : _namesByDigest[image.Digest];

    /// <summary>The containers that were made from images of these names.</summary>
    public async Task<IReadOnlyList<string>> UsersAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        if (_users is null)
        {
            var containers = new List<CtrContainer>();
            var query = new CtrContainerQuery { Namespace = _namespace };
            await foreach (CtrContainer container in _connection.Containers.ListAsync(query, cancellationToken).ConfigureAwait(false))
            {
                containers.Add(container);
            }

            _users = containers.ToLookup(container => container.Image, container => container.Id, StringComparer.Ordinal);
        }

        return [.. names.SelectMany(name => _users[name])];
    }
}
