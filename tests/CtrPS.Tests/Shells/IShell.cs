using System.Text.Json;

namespace CtrPS.Tests.Shells;

/// <summary>A PowerShell session with the module in it: a real one, or the stand-in.</summary>
public interface IShell : IDisposable
{
    /// <summary>Runs a command line against the containerd at an address.</summary>
    ShellResult Run(string address, string line);

    /// <summary>What can stand at the end of a line.</summary>
    IReadOnlyList<string> Complete(string address, string line);
}

/// <summary>What a command line gave.</summary>
/// <param name="Json">The objects as a JSON array; null where the line formats them.</param>
/// <param name="Text">The objects as on a screen of 80 columns.</param>
/// <param name="Errors">The errors, the one that ended the line last.</param>
/// <param name="Warnings">The warnings.</param>
/// <param name="Verbose">The verbose messages.</param>
/// <param name="Host">The lines for the user alone: what -WhatIf says.</param>
public sealed record ShellResult(
    string? Json, string Text, IReadOnlyList<ShellError> Errors, IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Verbose, IReadOnlyList<string> Host)
{
    /// <summary>The objects.</summary>
    public IReadOnlyList<JsonElement> Objects => [.. JsonDocument.Parse(Json ?? "[]").RootElement.EnumerateArray()];
}

/// <summary>An error record.</summary>
public sealed record ShellError(string Id, string Category, string Target, string Message);
