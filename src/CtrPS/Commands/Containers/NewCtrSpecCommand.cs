using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>New-CtrSpec: the spec that a container would get, to be looked at and changed.</summary>
[Cmdlet(VerbsCommon.New, "CtrSpec")]
[OutputType(typeof(CtrSpec))]
public sealed class NewCtrSpecCommand : CtrSpecOptionsCmdlet
{
    /// <summary>Creates the cmdlet.</summary>
    public NewCtrSpecCommand() => CommandWords.CheckStatement<NewCtrSpecCommand>();

    /// <summary>The image whose config is applied. Default: none.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "The image whose config is applied.")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNull]
    public CtrImageIdentity? Image { get; set; }

    /// <summary>The program and its arguments, or the arguments for the image's entrypoint.</summary>
    [Parameter(
        Position = 1, ValueFromRemainingArguments = true,
        HelpMessage = "The program and its arguments, or the arguments for the image's entrypoint. Write -- before them where they have options.")]
    [WordsTransformation]
    [ValidateNotNull]
    public string[] Command { get; set; } = [];

    /// <summary>The id that the container is to have; it stands in the path of the control group.</summary>
    [Parameter(HelpMessage = "The id that the container is to have; it stands in the path of the control group.")]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = "container";

    private protected override IReadOnlyList<string> Words => Command;

    /// <inheritdoc/>
    private protected override void OnBegin() => OrEnd(() => _ = CommandWords.Check(this));

    /// <inheritdoc/>
    private protected override void OnRecord() => Guard(Image, () =>
    {
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
