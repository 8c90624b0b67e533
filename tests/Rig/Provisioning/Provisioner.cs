using System.ComponentModel;

namespace CtrPS.Rig.Provisioning;

/// <summary>Gets what rigs need: tools from the system, packages beside it, images in the cache. What is there is left alone.</summary>
internal static class Provisioner
{
    /// <summary>Returns the packages that were installed.</summary>
    /// <param name="wanted">What the rigs will be asked for.</param>
    /// <param name="say">Is told what is there now.</param>
    /// <param name="cancellationToken">Ends it; what is in the making is thrown away.</param>
    /// <exception cref="RigUnavailableException">Something cannot be had; the message names all of it, and why. The rest is there.</exception>
    public static async Task<IReadOnlyList<string>> RunAsync(Wanted wanted, Action<string> say, CancellationToken cancellationToken)
    {
        var installed = new List<string>();
        var missing = new List<string>();
        await TryAsync("tools", async () => installed.AddRange(await Tools.InstallMissingAsync(wanted.Programs, cancellationToken)));
        foreach (UnpackedPackage package in wanted.Packages)
        {
            await TryAsync(package.ToString(), () => package.UnpackAsync(DebianSource.OfThisMachine(), cancellationToken), package.MayLack);
        }

        foreach (Generation generation in wanted.Generations)
        {
            await TryAsync($"containerd {Generations.NameOf(generation)}", async () =>
            {
                GenerationStatus status = await Generations.FindAsync(generation, cancellationToken);
                if (!status.IsAvailable)
                {
                    throw new RigUnavailableException(status.Reason!);
                }
            });
        }

        foreach (var image in wanted.Images)
        {
            await TryAsync($"image {image}", () => RigImages.ArchiveAsync(image, cancellationToken));
        }

        return missing.Count == 0 ? installed : throw new RigUnavailableException("missing:\n" + string.Join('\n', missing));

        async Task TryAsync(string what, Func<Task> get, bool mayLack = false)
        {
            try
            {
                await get();
                say(what);
            }
            catch (Exception reason) when (reason is RigUnavailableException or InvalidOperationException or IOException or Win32Exception)
            {
                if (mayLack)
                {
                    say($"without {what}: {reason.Message}");
                }
                else
                {
                    missing.Add($"  {what}: {reason.Message}");
                }
            }
        }
    }
}
