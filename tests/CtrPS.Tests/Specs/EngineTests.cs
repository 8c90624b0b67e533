namespace CtrPS.Tests.Specs;

/// <summary>Which engines the specs ran on.</summary>
[Collection(EngineCollection.Name)]
public sealed class EngineTests(Engines engines)
{
    [SkippableFact]
    public void Real_pwsh_is_found()
    {
        Skip.If(engines.Pwsh is null, "real pwsh: not found (7.6 or newer); the specs ran on the stand-in alone");
        Assert.Contains("not recognized", engines.Pwsh.Run("/nonexistent", "Nope-Nope").Errors.Single().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_cmdlet_has_a_spec()
    {
        string[] lines =
        [
            .. new[] { ObjectSpecs.Lines, ErrorSpecs.Lines, TextSpecs.Lines }.SelectMany(table => table).Select(row => (string)row[1]),
            .. ChangeSpecs.Scenarios.SelectMany(steps => steps).Select(step => step.Line),
        ];
        using var shell = new Shells.StandInShell();
        Assert.All(shell.Cmdlets, cmdlet => Assert.Contains(lines, line => line.Contains(cmdlet, StringComparison.Ordinal)));
        Assert.NotEmpty(shell.Cmdlets);
    }
}
