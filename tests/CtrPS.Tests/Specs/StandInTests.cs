using CtrPS.StandIn;
using CtrPS.Tests.Shells;

namespace CtrPS.Tests.Specs;

/// <summary>The stand-in refuses what it cannot do, instead of doing something else.</summary>
[Collection(EngineCollection.Name)]
public sealed class StandInTests
{
    [Theory]
    [InlineData("Get-CtrSession | ForEach-Object { $_.Id }")]
    [InlineData("Get-CtrSession | Where-Object { $_.Id -gt 1 }")]
    [InlineData("$x = 1")]
    [InlineData("Get-CtrSession $x")]
    [InlineData("Get-CtrSession (1 + 1)")]
    [InlineData("if ($true) { 1 }")]
    [InlineData("Get-CtrImage \"$env:HOME\"")]
    [InlineData("Get-CtrSession && Get-CtrSession")]
    [InlineData("Get-CtrSession > file")]
    [InlineData("[int]'5'")]
    [InlineData("& 'Get-CtrSession'")]
    [InlineData("Get-CtrSession -ErrorVariable e")]
    [InlineData("Get-CtrSession -ErrorAction Inquire 99")]
    [InlineData("Get-CtrSession 'open")]
    public void The_rest_of_the_language_is_refused(string line)
    {
        using var shell = new StandInShell();
        StandInException refusal = Assert.Throws<StandInException>(() => shell.Run("/nonexistent", line));
        Assert.StartsWith("this is the test stand-in, not PowerShell", refusal.Message, StringComparison.Ordinal);
    }
}
