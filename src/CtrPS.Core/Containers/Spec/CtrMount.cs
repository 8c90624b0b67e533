using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>Something that is mounted into a container (runtime-spec, config.md, Mounts).</summary>
public sealed class CtrMount : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrMount()
        : base(new JsonObject())
    {
    }

    /// <summary>From text; see <see cref="Parse"/>. PowerShell converts strings with it.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public CtrMount(string mount)
        : this(Parse(mount).Json)
    {
    }

    internal CtrMount(JsonObject json)
        : base(json)
    {
    }

    /// <summary>Where it is mounted, an absolute path in the container.</summary>
    public string? Destination
    {
        get => GetText("destination");
        set => SetText("destination", value);
    }

    /// <summary>The kind, such as bind or tmpfs.</summary>
    public string? Type
    {
        get => GetText("type");
        set => SetText("type", value);
    }

    /// <summary>What is mounted: with bind a path on the daemon's machine.</summary>
    public string? Source
    {
        get => GetText("source");
        set => SetText("source", value);
    }

    /// <summary>Options, such as rbind and ro.</summary>
    public CtrSpecList<string> Options
    {
        get => Texts("options");
        set => SetTexts("options", value);
    }

    /// <summary>
    /// Reads ctr's form <c>type=bind,src=/a,dst=/b,options=rbind:ro</c> (keys type, source or src, destination or dst, options with colons between),
    /// or docker's form <c>/a:/b[:options]</c> with commas between the options, which mounts a folder or file of the daemon's machine.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static CtrMount Parse(string mount)
    {
        ArgumentNullException.ThrowIfNull(mount);
        bool isPaths = mount.StartsWith('/') || !mount.Contains('=', StringComparison.Ordinal);
        return (isPaths ? ParsePaths(mount) : ParsePairs(mount)).Require(mount);
    }

    /// <summary>ctr's form.</summary>
    public override string ToString() =>
        $"type={Type},src={Source},dst={Destination}{(Options.Count == 0 ? "" : $",options={string.Join(':', Options)}")}";

    /// <summary>Checks what every mount needs, and gives it back.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    internal CtrMount Require(string given) => Destination is not { Length: > 0 } destination
        ? throw Invalid(given, "it has no destination")
        : !destination.StartsWith('/')
        ? throw Invalid(given, $"its destination '{destination}' is not an absolute path")
        : !IsBind
        ? this
        : Source is not { Length: > 0 } source
        ? throw Invalid(given, "it has no source")
        : !source.StartsWith('/')
        ? throw Invalid(given, $"its source '{source}' is not an absolute path on the daemon's machine")
        : this;

    private bool IsBind => Type is "bind" || Options.Any(option => option is "bind" or "rbind");

    private static CtrMount ParsePairs(string mount)
    {
        var parsed = new CtrMount();
        foreach (string field in Fields(mount))
        {
            string[] pair = field.Split('=', 2);
            string value = pair.Length == 2 ? pair[1] : throw Invalid(mount, $"'{field}' is not written key=value");
            switch (pair[0].Trim())
            {
                case "type":
                    parsed.Type = value;
                    break;
                case "source" or "src":
                    parsed.Source = value;
                    break;
                case "destination" or "dst" or "target":
                    parsed.Destination = value;
                    break;
                case "options":
                    parsed.Options = new CtrSpecList<string>(value.Split(':', StringSplitOptions.RemoveEmptyEntries));
                    break;
                default:
                    throw Invalid(mount, $"the key '{pair[0]}' is not known");
            }
        }

        return parsed;
    }

    private static CtrMount ParsePaths(string mount)
    {
        string[] parts = mount.Split(':');
        if (parts.Length is < 2 or > 3)
        {
            throw Invalid(mount, "it is neither key=value pairs nor source:destination[:options]");
        }

        string[] options = parts.Length == 3 ? parts[2].Split(',', StringSplitOptions.RemoveEmptyEntries) : [];
        string? unknown = options.FirstOrDefault(option => option is not (
            "ro" or "rw" or "bind" or "rbind" or "private" or "rprivate" or "shared" or "rshared" or "slave" or "rslave"
            or "nosuid" or "nodev" or "noexec" or "suid" or "dev" or "exec" or "noatime" or "relatime" or "ridmap" or "idmap"));
        return unknown is not null
            ? throw Invalid(mount, $"the option '{unknown}' is not known")
            : new CtrMount
            {
                Destination = parts[1],
                Type = "bind",
                Source = parts[0],
                Options = new CtrSpecList<string>(options.Contains("bind") || options.Contains("rbind") ? options : ["rbind", .. options]),
            };
    }

    /// <summary>The fields between commas; one in double quotes may hold commas, as with ctr (RFC 4180).</summary>
    private static List<string> Fields(string line)
    {
        var fields = new List<string>();
        var field = new System.Text.StringBuilder();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == '"' && (quoted || field.Length == 0))
            {
                if (quoted && i + 1 < line.Length && line[i + 1] == '"')
                {
                    _ = field.Append('"');
                    i++;
                }
                else
                {
                    quoted = !quoted;
                }
            }
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString());
                _ = field.Clear();
            }
            else
            {
                _ = field.Append(c);
            }
        }

        fields.Add(field.ToString());
        return quoted ? throw Invalid(line, "a double quote is not closed") : fields;
    }

    private static CtrException Invalid(string mount, string reason) =>
        new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{mount}' is not a mount: {reason}.")
        {
            Target = mount,
            RecommendedAction = "Write type=bind,src=/folder,dst=/folder,options=rbind:ro or /folder:/folder:ro, or make one with New-CtrMount.",
        };
}
