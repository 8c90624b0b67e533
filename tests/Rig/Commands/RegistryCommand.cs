namespace CtrPS.Rig.Commands;

/// <summary><c>rig registry</c>: one private registry in the foreground.</summary>
internal static class RegistryCommand
{
    public static async Task RunAsync(string[] words, CancellationToken signal)
    {
        var arguments = new Arguments(words, ["--push", "--user", "--password", "--dir"], ["--tls"]);
        var options = new RegistryOptions
        {
            ParentFolder = arguments["--dir"],
            User = arguments["--user"],
            Password = arguments["--password"],
            Tls = arguments.Has("--tls"),
        };
        using var foreground = new Foreground(signal);
        await using var rig = await RegistryRig.StartAsync(options, foreground.Ending);
        var references = new List<string>();
        foreach (var image in arguments.List("--push"))
        {
            references.Add(await rig.PushAsync(image, cancellationToken: foreground.Ending));
        }

        await Json.WriteLineAsync(new
        {
            rig.Address,
            rig.Url,
            References = references,
            Certificate = rig.CertificatePath,
            Pid = rig.ProcessId,
            Log = rig.LogPath,
        });
        await foreground.ServeAsync((command, _) => throw new ArgumentException($"'{command}': a registry has no commands"));
    }
}
