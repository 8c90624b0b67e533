using System.Management.Automation;
using CtrPS.StandIn;
using CtrPS.StandIn.Pipelines;

namespace CtrPS.Tests.Shells;

/// <summary>The stand-in, in this process.</summary>
public sealed class StandInShell : IShell
{
    private const string ToJson = "ConvertTo-Json -Depth 4 -AsArray -Compress -WarningAction Ignore";

    private readonly Shell _shell = new();

    public StandInShell() => _shell.Import(ModuleUnderTest.Manifest);

    /// <summary>The cmdlets of the module.</summary>
    public IReadOnlyList<string> Cmdlets => _shell.ModuleCommands;

    public ShellResult Run(string address, string line) => At(address, () =>
    {
        var streams = new Streams();
        _ = _shell.Invoke(line, streams);
        bool formatted = streams.Objects.Any(one => one?.GetType().Namespace == "CtrPS.StandIn.Formatting");
        return new ShellResult(
            formatted ? null : streams.Objects.Count == 0 ? "[]" : Through(ToJson, streams.Objects),
            Through("Out-String -Width 80", streams.Objects),
            streams.Errors,
            streams.Warnings,
            streams.VerboseLines,
            streams.HostLines);
    });

    public IReadOnlyList<string> Complete(string address, string line) =>
        At(address, () => _shell.Complete(line).Select(result => result.CompletionText).ToArray());

    public void Dispose() => _shell.Invoke("Get-CtrSession | Disconnect-CtrSession", new Streams());

    private static T At<T>(string address, Func<T> action)
    {
        string? before = Environment.GetEnvironmentVariable(CtrEndpoint.AddressVariable);
        Environment.SetEnvironmentVariable(CtrEndpoint.AddressVariable, address);
        try
        {
            return action();
        }
        finally
        {
            Environment.SetEnvironmentVariable(CtrEndpoint.AddressVariable, before);
        }
    }

    private string Through(string line, IReadOnlyList<object?> input)
    {
        var streams = new Streams();
        return _shell.Invoke(line, streams, input)
            ? (string?)streams.Objects.SingleOrDefault() ?? ""
            : throw new InvalidOperationException($"{line}: {streams.Errors.Last()}");
    }

    private sealed class Streams : IStreams
    {
        public List<object?> Objects { get; } = [];

        public List<ShellError> Errors { get; } = [];

        public List<string> Warnings { get; } = [];

        public List<string> VerboseLines { get; } = [];

        public List<string> HostLines { get; } = [];

        public void Output(object? value) => Objects.Add(value);

        public void Error(ErrorRecord record) => Errors.Add(new ShellError(
            record.FullyQualifiedErrorId,
            $"{record.CategoryInfo.Category}",
            record.TargetObject is { } target ? PSObject.AsPSObject(target).ToString() : "",
            record.ToString()));

        public void Warning(string text) => Warnings.Add(text);

        public void Verbose(string text) => VerboseLines.Add(text);

        public void Host(string line) => HostLines.Add(line);
    }
}
