namespace CtrPS.Rig.Commands;

/// <summary><c>rig up</c>: one private containerd in the foreground.</summary>
internal static class UpCommand
{
    public static async Task RunAsync(string[] words, CancellationToken signal)
    {
        var arguments = new Arguments(
            words, ["--generation", "--load", "--seed", "--namespace", "--dir"], ["--no-unpack", "--cri", "--criu", "--collect-when-asked"]);
        var generation = Generations.Parse(arguments["--generation"] ?? throw new ArgumentException("--generation is missing"));
        var @namespace = arguments["--namespace"] ?? "default";
        var options = new RigOptions
        {
            ParentFolder = arguments["--dir"],
            Cri = arguments.Has("--cri"),
            Criu = arguments.Has("--criu") ? true : null,
            Seed = arguments.List("--seed"),
            SeedNamespace = @namespace,
        };
        if (arguments.Has("--collect-when-asked"))
        {
            options = options with { Collection = RigCollection.WhenAsked };
        }

        using var foreground = new Foreground(signal);
        await using var rig = await ContainerdRig.StartAsync(generation, options, foreground.Ending);
        foreach (var image in arguments.List("--load"))
        {
            await RigImages.LoadAsync(rig, image, @namespace, unpack: !arguments.Has("--no-unpack"), foreground.Ending);
        }

        await Json.WriteLineAsync(Describe(rig));
        await foreground.ServeAsync((command, cancellationToken) => AnswerAsync(rig, command, cancellationToken));
    }

    private static async Task<object> AnswerAsync(ContainerdRig rig, string command, CancellationToken cancellationToken)
    {
        switch (command)
        {
            case "stop":
                await rig.StopAsync();
                return new { done = command };
            case "kill":
                await rig.KillAsync();
                return new { done = command };
            case "start":
                await rig.StartAgainAsync(cancellationToken);
                return new { done = command, pid = rig.ProcessId };
            default:
                throw new ArgumentException($"'{command}' is no command: stop, start, kill");
        }
    }

    private static object Describe(ContainerdRig rig) => new
    {
        rig.Address,
        Ctr = rig.CtrPath,
        rig.Version,
        Generation = Generations.NameOf(rig.Generation),
        rig.Root,
        rig.State,
        Pid = rig.ProcessId,
        Log = rig.LogPath,
        rig.Snapshotter,
    };
}
