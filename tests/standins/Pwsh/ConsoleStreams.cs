using System.Management.Automation;
using CtrPS.StandIn.Pipelines;

namespace CtrPS.StandIn.Pwsh;

/// <summary>Output collected for its formatting, the rest to the console at once.</summary>
internal sealed class ConsoleStreams : IStreams
{
    public List<object?> Objects { get; } = [];

    public bool HasErrors { get; private set; }

    public void Output(object? value) => Objects.Add(value);

    public void Error(ErrorRecord record)
    {
        HasErrors = true;
        string from = record.InvocationInfo is { } invocation ? $"{invocation.InvocationName}: " : "";
        Console.Error.WriteLine($"{from}{record}");
    }

    public void Warning(string text) => Console.Error.WriteLine($"WARNING: {text}");

    public void Verbose(string text) => Console.Error.WriteLine($"VERBOSE: {text}");

    public void Host(string line) => Console.WriteLine(line);
}
