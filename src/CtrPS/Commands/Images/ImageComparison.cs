using System.Security.Cryptography;

namespace CtrPS.Commands;

/// <summary>One of two images that are compared.</summary>
/// <param name="Image">The image.</param>
/// <param name="Connection">Where it is.</param>
/// <param name="Platform">For which platform. Null: the daemon's, else the first that is here.</param>
internal sealed record ComparedImage(CtrImage Image, ICtrConnection Connection, CtrPlatform? Platform);

/// <summary>Compares two images: layers, config, files.</summary>
internal sealed class ImageComparison(ComparedImage reference, ComparedImage difference)
{
    private const int BufferSize = 1 << 16;

    /// <summary>The layers. One that is packed otherwise is the same as long as its content is.</summary>
    public async Task<IReadOnlyList<CtrImageDifference>> LayersAsync(CancellationToken cancellationToken)
    {
        List<CtrImageLayer> left = await ReadLayersAsync(reference, cancellationToken).ConfigureAwait(false);
        List<CtrImageLayer> right = await ReadLayersAsync(difference, cancellationToken).ConfigureAwait(false);
        var found = new List<CtrImageDifference>();
        foreach (CtrImageLayer layer in left)
        {
            int at = right.FindIndex(other => Key(other) == Key(layer));
            CtrImageLayer? same = at < 0 ? null : right[at];
            if (at >= 0)
            {
                right.RemoveAt(at);
            }

            found.Add(Tell(layer, same));
        }

        found.AddRange(right.Select(layer => Tell(null, layer)));
        return found;

        static string Key(CtrImageLayer layer) => layer.DiffId ?? layer.Digest;

        CtrImageDifference Tell(CtrImageLayer? one, CtrImageLayer? other) => Make(CtrDifferenceKind.Layer, (one ?? other)!.Digest).With(told =>
        {
            told.Status = StatusOf(one is not null, other is not null, isSame: true);
            told.ReferenceValue = one?.CreatedBy;
            told.DifferenceValue = other?.CreatedBy;
            told.ReferenceSize = one?.PackedSize;
            told.DifferenceSize = other?.PackedSize;
        });
    }

    /// <summary>The settings of the configs, but for when and by whom they were made.</summary>
    public async Task<IReadOnlyList<CtrImageDifference>> ConfigAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, string> left = Settings(
            await reference.Connection.Inspector.ReadConfigAsync(reference.Image, reference.Platform, cancellationToken).ConfigureAwait(false));
        Dictionary<string, string> right = Settings(
            await difference.Connection.Inspector.ReadConfigAsync(difference.Image, difference.Platform, cancellationToken).ConfigureAwait(false));
        return [.. left.Keys.Union(right.Keys).Select(key => Make(CtrDifferenceKind.Config, key).With(told =>
        {
            told.ReferenceValue = left.GetValueOrDefault(key);
            told.DifferenceValue = right.GetValueOrDefault(key);
            told.Status = StatusOf(
                told.ReferenceValue is not null, told.DifferenceValue is not null, told.ReferenceValue == told.DifferenceValue);
        }))];
    }

    /// <summary>The files. Times alone make no difference: each build has its own.</summary>
    public async Task<IReadOnlyList<CtrImageDifference>> FilesAsync(CancellationToken cancellationToken)
    {
        ICtrImageRoot left = await reference.Connection.Files.OpenAsync(
            reference.Image, reference.Platform, cancellationToken).ConfigureAwait(false);
        ICtrImageRoot right = await difference.Connection.Files.OpenAsync(
            difference.Image, difference.Platform, cancellationToken).ConfigureAwait(false);
        var pairs = new List<(CtrImageFile? One, CtrImageFile? Other)>();
        var folders = new Stack<(string Path, bool One, bool Other)>([("/", true, true)]);
        while (folders.TryPop(out (string Path, bool One, bool Other) folder))
        {
            Dictionary<string, CtrImageFile> ones = await NamesAsync(left, folder.Path, folder.One, cancellationToken).ConfigureAwait(false);
            Dictionary<string, CtrImageFile> others = await NamesAsync(right, folder.Path, folder.Other, cancellationToken).ConfigureAwait(false);
            foreach (string name in ones.Keys.Union(others.Keys))
            {
                CtrImageFile? one = ones.GetValueOrDefault(name);
                CtrImageFile? other = others.GetValueOrDefault(name);
                pairs.Add((one, other));
                bool isFolder = one is { Kind: CtrFileKind.Directory };
                bool isOtherFolder = other is { Kind: CtrFileKind.Directory };
                if (isFolder || isOtherFolder)
                {
                    folders.Push(((one ?? other)!.Path, isFolder, isOtherFolder));
                }
            }
        }

        // Of the same size and not out of the same layer: their bytes tell.
        (CtrImageFile? One, CtrImageFile? Other)[] alike = [.. pairs.Where(pair => pair is
            { One: { Kind: CtrFileKind.File, Size: > 0 } one, Other: { Kind: CtrFileKind.File } other }
            && one.Size == other.Size && !IsSamePlace(one, other))];
        Dictionary<CtrImageFile, string> hashes = await HashAsync(left, alike.Select(pair => pair.One!), cancellationToken).ConfigureAwait(false);
        foreach ((CtrImageFile file, string hash) in await HashAsync(
            right, alike.Select(pair => pair.Other!), cancellationToken).ConfigureAwait(false))
        {
            hashes[file] = hash;
        }

        return [.. pairs.Select(pair => Tell(pair.One, pair.Other, hashes)).OrderBy(told => told.Item, StringComparer.Ordinal)];
    }

    private static bool IsSamePlace(CtrImageFile one, CtrImageFile other) => one.Layer == other.Layer && one.Offset == other.Offset;

    private static async Task<List<CtrImageLayer>> ReadLayersAsync(ComparedImage one, CancellationToken cancellationToken)
    {
        var nobody = new CtrBlobUsers(Enumerable.Empty<string>().ToLookup(digest => digest, digest => (digest, digest)));
        return [.. await one.Connection.Inspector.ReadLayersAsync(one.Image, one.Platform, null, nobody, cancellationToken).ConfigureAwait(false)];
    }

    private static async Task<Dictionary<string, CtrImageFile>> NamesAsync(
        ICtrImageRoot root, string folder, bool isThere, CancellationToken cancellationToken) => isThere
        ? (await root.ListAsync(folder, hidden: false, cancellationToken).ConfigureAwait(false))
            .ToDictionary(file => file.Name, StringComparer.Ordinal)
        : [];

    private static async Task<Dictionary<CtrImageFile, string>> HashAsync(
        ICtrImageRoot root, IEnumerable<CtrImageFile> files, CancellationToken cancellationToken)
    {
        var hashes = new Dictionary<CtrImageFile, string>(ReferenceEqualityComparer.Instance);
        byte[] buffer = new byte[BufferSize];
        await root.ReadAsync(
            files,
            async (file, content) =>
            {
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                int read;
                while ((read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    hash.AppendData(buffer, 0, read);
                }

                hashes[file] = Convert.ToHexStringLower(hash.GetHashAndReset());
            },
            cancellationToken).ConfigureAwait(false);
        return hashes;
    }

    private static CtrDifferenceStatus StatusOf(bool one, bool other, bool isSame) =>
        !one ? CtrDifferenceStatus.Added
        : !other ? CtrDifferenceStatus.Removed
        : isSame ? CtrDifferenceStatus.Same
        : CtrDifferenceStatus.Changed;

    private static Dictionary<string, string> Settings(CtrImageConfig config)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        Add("Platform", config.Platform?.ToString());
        Add("Entrypoint", Words(config.Entrypoint));
        Add("Cmd", Words(config.Cmd));
        Add("User", config.User);
        Add("WorkingDirectory", config.WorkingDirectory);
        Add("StopSignal", config.StopSignal);
        Add("Shell", Words(config.Shell));
        Add("OnBuild", string.Join('\n', config.OnBuild));
        Add("Healthcheck", config.Healthcheck is { } check
            ? $"{Words(check.Test)} interval={check.Interval} timeout={check.Timeout} start={check.StartPeriod} retries={check.Retries}"
            : null);
        foreach (string variable in config.Env)
        {
            int equals = variable.IndexOf('=', StringComparison.Ordinal);
            settings[$"Env {(equals < 0 ? variable : variable[..equals])}"] = equals < 0 ? "" : variable[(equals + 1)..];
        }

        foreach (string port in config.ExposedPorts)
        {
            settings[$"ExposedPort {port}"] = port;
        }

        foreach (string volume in config.Volumes)
        {
            settings[$"Volume {volume}"] = volume;
        }

        foreach ((string key, string value) in config.Labels)
        {
            settings[$"Label {key}"] = value;
        }

        foreach ((string key, string value) in config.Unknown)
        {
            settings[key] = value;
        }

        return settings;

        void Add(string key, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                settings[key] = value;
            }
        }

        static string Words(IEnumerable<string> words) => string.Join(' ', words.Select(word => word.Contains(' ') ? $"'{word}'" : word));
    }

    private CtrImageDifference Tell(CtrImageFile? one, CtrImageFile? other, Dictionary<CtrImageFile, string> hashes) =>
        Make(CtrDifferenceKind.File, (one ?? other)!.Path).With(told =>
        {
            told.Changes = one is not null && other is not null ? [.. ChangesOf(one, other, hashes)] : [];
            told.Status = StatusOf(one is not null, other is not null, told.Changes.Count == 0);
            told.ReferenceValue = Words(one);
            told.DifferenceValue = Words(other);
            told.ReferenceSize = one?.Size;
            told.DifferenceSize = other?.Size;
        });

    private static IEnumerable<string> ChangesOf(CtrImageFile one, CtrImageFile other, Dictionary<CtrImageFile, string> hashes)
    {
        if (one.Kind != other.Kind)
        {
            yield return nameof(CtrImageFile.Kind);
        }
        else if (one.Size != other.Size || hashes.GetValueOrDefault(one) != hashes.GetValueOrDefault(other))
        {
            yield return "Content";
        }

        if (one.Mode != other.Mode)
        {
            yield return nameof(CtrImageFile.Mode);
        }

        if (one.Uid != other.Uid || one.Gid != other.Gid)
        {
            yield return "Owner";
        }

        if (one.LinkTarget != other.LinkTarget)
        {
            yield return nameof(CtrImageFile.LinkTarget);
        }

        if ((one.DeviceMajor, one.DeviceMinor) != (other.DeviceMajor, other.DeviceMinor))
        {
            yield return "Device";
        }

        if (one.ExtendedAttributes.Count != other.ExtendedAttributes.Count || one.ExtendedAttributes.Except(other.ExtendedAttributes).Any())
        {
            yield return nameof(CtrImageFile.ExtendedAttributes);
        }
    }

    private static string? Words(CtrImageFile? file) => file is null ? null
        : $"{file.UnixMode} {file.Uid}:{file.Gid}{(file.LinkTarget is { } target ? $" -> {target}" : "")}";

    private CtrImageDifference Make(CtrDifferenceKind kind, string item) => new()
    {
        Image = reference.Image.Name,
        Namespace = reference.Image.Namespace,
        Session = reference.Image.Session,
        DifferenceImage = difference.Image.Name,
        Kind = kind,
        Item = item,
    };
}
