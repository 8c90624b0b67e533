using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>New-CtrSpec: the spec that a container would get, to be looked at and changed.</summary>
[Cmdlet(VerbsCommon.New, "CtrSpec")]
[OutputType(typeof(CtrSpec))]
public sealed class NewCtrSpecCommand : CtrSpecOptionsCmdlet
{
    /// <summary>The image whose config is applied. Default: none.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "The image whose config is applied.")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNull]
    public CtrImageIdentity? Image { get; set; }

    /// <summary>The program and its arguments, or the arguments for the image's entrypoint.</summary>
    [Parameter(
        Position = 1, ValueFromRemainingArguments = true,
        HelpMessage = "The program and its arguments, or the arguments for the image's entrypoint.")]
    [WordsTransformation]
    [ValidateNotNull]
    public string[] Command { get; set; } = [];

    /// <summary>Catches options of the command of one letter, which PowerShell would take for the beginning of a parameter's name.</summary>
    [Parameter(DontShow = true, HelpMessage = "Catches an option of the command that has one letter. Not for use.")]
    [Alias("a", "c", "d", "e", "g", "h", "i", "j", "l", "m", "n", "o", "p", "r", "s", "t", "u", "v", "w")]
    public SwitchParameter CommandOption { get; set; }

    /// <summary>The id that the container is to have; it stands in the path of the control group.</summary>
    [Parameter(HelpMessage = "The id that the container is to have; it stands in the path of the control group.")]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = "container";

    private protected override IReadOnlyList<string> CommandLine =>
        CommandOption ? CommandWords.Restore(MyInvocation, Command, nameof(CommandOption), [nameof(Image)]) : Command;

    /// <inheritdoc/>
    private protected override void OnRecord() => Guard(Image, () =>
    {
        foreach (string warning in Command.Length > 0 ? CommandWords.CheckParameters(MyInvocation, [nameof(Image)]) : [])
        {
            WriteWarning(warning);
        }

        string what = Image is null ? "The spec" : $"Image '{Image.Name}'";
        CtrSession session = SessionOf(Image?.Session, what);
        string name = NamespaceOf(Image?.Namespace, Namespace, session, what);
        CtrContainerOptions options = ReadOptions();
        ICtrConnection connection = Connect(session);
        CtrImage? image = Image is null ? null : Await(token => ImageFinder.FindOneAsync(connection, name, Image, token));
        var request = new CtrContainerRequest { Namespace = name, Id = Id, Image = image, Platform = Platform, Options = options };
        WriteObject(Await(token => connection.Containers.DescribeAsync(request, token)));
    });
}
