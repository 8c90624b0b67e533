namespace CtrPS.Rig.Provisioning;

/// <summary>Gets all that rigs need: tools from the system, packages beside it, images in the cache. What is there is left alone.</summary>
internal static class Provisioner
{
    /// <summary>Returns the packages that were installed. What cannot be had is said and skipped; the tests that need it say so again.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(Action<string> say, CancellationToken cancellationToken)
    {
        var installed = new List<string>();
        await TryAsync("tools", async () => installed.AddRange(await Tools.InstallMissingAsync(cancellationToken)));
        foreach (var package in DebianPackages.All)
        {
            await TryAsync(package.ToString(), () => package.UnpackAsync(DebianSource.OfThisMachine(), cancellationToken));
        }

        foreach (var image in RigImages.All)
        {
            await TryAsync($"image {image}", () => RigImages.ArchiveAsync(image, cancellationToken));
        }

        return installed;

        async Task TryAsync(string what, Func<Task> get)
        {
            try
            {
                await get();
                say(what);
            }
            catch (RigUnavailableException reason)
            {
                say($"{what}: not here. {reason.Message}");
            }
        }
    }
}
