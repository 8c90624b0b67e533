using System.ComponentModel;
using System.Diagnostics;
using CtrPS.Rig.Provisioning;

namespace CtrPS.Rig.Commands;

/// <summary>The rig as a program. Answers are JSON, one line each, on standard output; words for people go to standard error.</summary>
internal static class RigCommand
{
    private const string Usage = """
        rig provision                    get packages and images; as root it also installs missing tools. Fails when something cannot be had
               [--generation 1.6,...] [--image IMAGE,...] [--registry]    only what these need
        rig generations                  which containerds can be started here
        rig archive IMAGE...             paths of image archives, built when needed
        rig readers                      paths of other clients of registries, oras and crane, where they are here
        rig up --generation 1.6|1.7|2    a private containerd, until standard input ends or SIGTERM
               [--load IMAGE,...] [--no-unpack] [--seed IMAGE,...] [--namespace NAME] [--cri] [--criu] [--dir FOLDER]
               [--collect-when-asked]    no garbage is collected by itself
               commands on standard input: stop, start, kill
        rig registry                     a private registry, until standard input ends or SIGTERM
               [--version 2.8.2|2.8.3] [--push IMAGE,...] [--user NAME --password WORD] [--dir FOLDER]
               [--tls] [--leaf good|expired|other-name] [--client-certificate]
               [--token] [--users JSON] [--anonymous-pull] [--no-post] [--lifetime SECONDS] [--token-host 127.0.0.2]
               [--proxy [--proxy-login USER:PASSWORD]]    a forward proxy that leads every name to it
               [--faulty]    what stands before it, at the address that is told, serves wrong what it is told to
               [--referrers] and that lists what refers to a manifest, as registries of OCI 1.1 do
               commands on standard input: push IMAGE [REPOSITORY:TAG] [docker]
               fault JSON, clear, requests, forget; the same of the token server: token-fault JSON, token-clear, token-requests
               proxied (what the proxy was asked), token-asked, token-forget, token-lifetime SECONDS, token-refresh USER, token-revoke
        """;

    private const int Failure = 1;
    private const int BadUsage = 2;

    public static async Task<int> RunAsync(string[] words)
    {
        using var ending = new EndSignal();
        try
        {
            switch (words)
            {
                case ["provision", .. var options]:
                    await ProvisionAsync(options, ending.Token);
                    return 0;
                case ["generations"]:
                    await Json.WriteLineAsync(await DescribeGenerationsAsync());
                    return 0;
                case ["archive", .. var images] when images.Length > 0:
                    await WriteArchivesAsync(images, ending.Token);
                    return 0;
                case ["readers"]:
                    await Json.WriteLineAsync(RigReaders.Paths());
                    return 0;
                case ["up", .. var options]:
                    await UpCommand.RunAsync(options, ending.Token);
                    return 0;
                case ["registry", .. var options]:
                    await RegistryCommand.RunAsync(options, ending.Token);
                    return 0;
                case ["keep", var folder]:
                    return await RigFolder.KeepAsync(folder);
                default:
                    await Console.Error.WriteLineAsync(Usage);
                    return BadUsage;
            }
        }
        catch (ArgumentException bad)
        {
            await Console.Error.WriteLineAsync("rig: " + bad.Message);
            return BadUsage;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("rig: ended, by a signal or the end of standard input, before it was ready");
            return Failure;
        }
        catch (Exception failure) when (failure is RigUnavailableException or InvalidOperationException or TimeoutException
            or IOException or UnauthorizedAccessException or Win32Exception)
        {
            await Console.Error.WriteLineAsync("rig: " + failure.Message);
            return Failure;
        }
    }

    private static async Task ProvisionAsync(string[] words, CancellationToken cancellationToken)
    {
        var arguments = new Arguments(words, ["--generation", "--image"], ["--registry"]);
        Wanted wanted = words.Length == 0
            ? Wanted.Everything
            : new Wanted([.. arguments.List("--generation").Select(Generations.Parse)], arguments.List("--image"), arguments.Has("--registry"));
        var clock = Stopwatch.StartNew();
        void Say(string words) => Console.Error.WriteLine($"rig: {clock.Elapsed.TotalSeconds,6:F1} s  {words}");

        var installed = await Provisioner.RunAsync(wanted, Say, cancellationToken);
        await Json.WriteLineAsync(new { installed, cache = RigCache.Folder, generations = await DescribeGenerationsAsync() });
    }

    private static async Task WriteArchivesAsync(string[] images, CancellationToken cancellationToken)
    {
        var paths = new Dictionary<string, string>();
        foreach (var image in images)
        {
            paths[image] = await RigImages.ArchiveAsync(image, cancellationToken);
        }

        await Json.WriteLineAsync(paths);
    }

    private static async Task<IReadOnlyList<object>> DescribeGenerationsAsync()
    {
        var lines = new List<object>();
        foreach (var generation in Generations.All)
        {
            var status = await Generations.FindAsync(generation);
            lines.Add(new { generation = status.Name, available = status.IsAvailable, status.Version, status.Reason });
        }

        return lines;
    }
}
