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

    /// <summary>Those that a configuration names.</summary>
    public static IReadOnlySet<string> Of(string path)
    {
        try
        {
            if (TomlFile.ReadText(path) is not { } text || Below(TomlFile.Parse(path, text), "plugins") is not { } plugins)
            {
                return new HashSet<string>();
            }

            TomlNode?[] named =
            [
                Below(plugins, "io.containerd.grpc.v1.cri")?.Exactly("sandbox_image"),
                Below(plugins, "io.containerd.cri.v1.images") is { } images ? Below(images, "pinned_images")?.Exactly("sandbox") : null,
            ];
            return named.Select(node => node?.Value).OfType<string>().Select(name =>
                CtrImageReference.TryParse(name, out CtrImageReference? reference) ? reference.ToString() : name).ToHashSet();
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.InvalidHostsFile)
        {
            return new HashSet<string>(); // the daemon goes by what it read when it started
        }
    }

    private static TomlMap? Below(TomlMap map, string key) => map.Exactly(key)?.Value as TomlMap;

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
