using CtrPS.Client.Registry;
using CtrPS.Client.Server;

namespace CtrPS.Client.Storage;

/// <summary>
/// The images that sandboxes of pods are made from, as the daemon's configuration names them: <c>sandbox_image</c> in version 2, in version 3
/// <c>pinned_images.sandbox</c>. containerd pins them from 1.7.14 and 2.0 on; before, nothing but the configuration tells.
/// </summary>
internal sealed class SandboxImages(IServerInspector server, DaemonMachine machine)
{
    private const string Default = "/etc/containerd/config.toml";

    /// <summary>
    /// Their full names. Empty where the daemon is on another machine, or its configuration names none or cannot be read: then their usual names and
    /// pins tell.
    /// </summary>
    public async Task<IReadOnlySet<string>> ReadAsync(CancellationToken cancellationToken) =>
        await machine.IsLocalAsync(cancellationToken).ConfigureAwait(false)
            ? Of(await PathAsync(cancellationToken).ConfigureAwait(false))
            : new HashSet<string>();

    /// <summary>
    /// Those that a configuration names, with what it imports: of each key what the last file says. containerd up to 2.1 takes the part of a plugin
    /// as a whole from the last file that has it; what an earlier one names is spared all the same.
    /// </summary>
    public static IReadOnlySet<string> Of(string path)
    {
        var named = new Dictionary<string, string>();
        try
        {
            foreach ((_, TomlMap root) in ConfigurationFiles.Read(path, Read))
            {
                TomlMap? plugins = Below(root, "plugins");
                foreach ((string key, TomlNode? said) in new[]
                {
                    ("sandbox_image", Below(plugins, "io.containerd.grpc.v1.cri")?.Exactly("sandbox_image")),
                    ("sandbox", Below(Below(plugins, "io.containerd.cri.v1.images"), "pinned_images")?.Exactly("sandbox")),
                })
                {
                    if (said?.Value is string { Length: > 0 } name)
                    {
                        named[key] = name;
                    }
                }
            }
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.InvalidHostsFile)
        {
            // Its imports are none: what was found before counts.
        }

        return named.Values.Select(name => CtrImageReference.TryParse(name, out CtrImageReference? reference) ? reference.ToString() : name)
            .ToHashSet();
    }

    /// <summary>Null: it is not there, or no configuration any more; the daemon goes by what it read when it started.</summary>
    private static TomlMap? Read(string path)
    {
        try
        {
            return TomlFile.ReadText(path) is { } text ? TomlFile.Parse(path, text) : null;
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.InvalidHostsFile)
        {
            return null;
        }
    }

    private static TomlMap? Below(TomlMap? map, string key) => map?.Exactly(key)?.Value as TomlMap;

    /// <summary>The file that the daemon was started with.</summary>
    private async Task<string> PathAsync(CancellationToken cancellationToken)
    {
        if ((await server.GetAsync(cancellationToken).ConfigureAwait(false)).ProcessId is not { } process
            || !await machine.HasProcessesHereAsync(cancellationToken).ConfigureAwait(false))
        {
            return Default;
        }

        try
        {
            string[] words = (await File.ReadAllTextAsync($"/proc/{process}/cmdline", cancellationToken).ConfigureAwait(false)).Split('\0');
            for (int i = 1; i < words.Length; i++)
            {
                string word = words[i].TrimStart('-');
                string? path = word is "c" or "config" && words[i].StartsWith('-') && i + 1 < words.Length ? words[i + 1]
                    : words[i].StartsWith('-') && word.StartsWith("config=", StringComparison.Ordinal) ? word["config=".Length..]
                    : null;
                if (path is not null)
                {
                    return Path.IsPathRooted(path) ? path : Path.Join($"/proc/{process}/cwd", path);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Default; // it ended just now, or is not for us to see
        }

        return Default;
    }
}
