using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>New-CtrMount: describes something that is to be mounted into a container.</summary>
[Cmdlet(VerbsCommon.New, "CtrMount")]
[OutputType(typeof(CtrMount))]
public sealed class NewCtrMountCommand : CtrCmdlet
{
    /// <summary>Where it is mounted in the container.</summary>
    [Parameter(Position = 1, Mandatory = true, HelpMessage = "Where it is mounted, an absolute path in the container.")]
    [Alias("Target", "dst")]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>What is mounted: a folder or file on the daemon's machine. Default: a tmpfs.</summary>
    [Parameter(Position = 0, HelpMessage = "What is mounted: a folder or file on the daemon's machine, an absolute path.")]
    [Alias("src")]
    [ValidateNotNullOrEmpty]
    public string? Source { get; set; }

    /// <summary>The kind. Default: bind where there is a source, else tmpfs.</summary>
    [Parameter(HelpMessage = "The kind. Default: bind where there is a source, else tmpfs.")]
    [ArgumentCompleter(typeof(MountTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Type { get; set; }

    /// <summary>Options.</summary>
    [Parameter(HelpMessage = "Options, such as nosuid and size=64m.")]
    [ArgumentCompleter(typeof(MountOptionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Option { get; set; } = [];

    /// <summary>Only for reading.</summary>
    [Parameter(HelpMessage = "Only for reading.")]
    public SwitchParameter ReadOnly { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Destination, () =>
    {
        string type = Type ?? (Source is null ? "tmpfs" : "bind");
        IEnumerable<string> options = Option;
        if (type == "bind" && !Option.Any(option => option is "bind" or "rbind"))
        {
            options = options.Prepend("rbind");
        }

        if (ReadOnly && !Option.Contains("ro"))
        {
            options = options.Append("ro");
        }

        var mount = new CtrMount { Destination = Destination, Type = type, Source = Source ?? type };
        if (options.ToArray() is { Length: > 0 } all)
        {
            mount.Options = new CtrSpecList<string>(all);
        }

        WriteObject(mount.Require(mount.ToString()));
    });
}
