using System.Management.Automation;

namespace CtrPS.StandIn.Pipelines;

/// <summary>Where a shell's output goes.</summary>
public interface IStreams
{
    void Output(object? value);

    void Error(ErrorRecord record);

    void Warning(string text);

    void Verbose(string text);

    /// <summary>A line for the user alone: what -WhatIf says.</summary>
    void Host(string line);
}
