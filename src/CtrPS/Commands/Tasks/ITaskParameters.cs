using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>
/// The parameters that Start-CtrTask and Invoke-CtrImage have in common. PowerShell takes parameters from a cmdlet's own classes only, and these two
/// have different bases.
/// </summary>
internal interface ITaskParameters
{
    /// <summary>A file for the output, on the daemon's machine.</summary>
    string? LogPath { get; }

    /// <summary>A log for the output.</summary>
    string? LogUri { get; }

    /// <summary>Whether to run the CNI plugins.</summary>
    SwitchParameter Cni { get; }

    /// <summary>The folder of CNI configurations. Null: as the environment says.</summary>
    string? CniConfigPath { get; }

    /// <summary>The folders of CNI plugins. Null: as the environment says.</summary>
    string[]? CniPluginPath { get; }

    /// <summary>Whether to do without pivot_root.</summary>
    SwitchParameter NoPivot { get; }

    /// <summary>A file for the process id.</summary>
    string? PidFile { get; }
}
