namespace CtrPS.Rig.Commands;

/// <summary><c>rig registry</c>: one private registry in the foreground.</summary>
internal static class RegistryCommand
{
    public static async Task RunAsync(string[] words, CancellationToken cancellationToken)
    {
        var arguments = new Arguments(words, ["--push", "--user", "--password", "--dir"], ["--tls"]);
        var options = new RegistryOptions
        {
            ParentFolder = arguments["--dir"],
            User = arguments["--user"],
            Password = arguments["--password"],
            Tls = arguments.Has("--tls"),
        };
        await using var rig = await RegistryRig.StartAsync(options, cancellationToken);
        var references = new List<string>();
        foreach (var image in arguments.List("--push"))
        {
            references.Add(await rig.PushAsync(image, cancellationToken: cancellationToken));
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
        await Foreground.ServeAsync(command => throw new ArgumentException($"'{command}': a registry has no commands"), cancellationToken);
    }
}
