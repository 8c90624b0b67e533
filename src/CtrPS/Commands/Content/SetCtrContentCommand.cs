using System.Collections;
using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Set-CtrContent: changes labels of blobs.</summary>
[Cmdlet(VerbsCommon.Set, "CtrContent", SupportsShouldProcess = true, DefaultParameterSetName = ChangeSet)]
[OutputType(typeof(CtrContent))]
public sealed class SetCtrContentCommand : CtrContentCmdlet
{
    private const string ChangeSet = "Change";
    private const string ReplaceSet = "Replace";

    private readonly Dictionary<(CtrSession Session, string Namespace), Dictionary<string, CtrContentKind>> _kinds = [];

    /// <summary>Labels to set; an empty or null value removes the label. Others stay.</summary>
    [Parameter(
        Position = 1, Mandatory = true, ParameterSetName = ChangeSet, HelpMessage = "Labels to set; an empty value removes the label. Others stay.")]
    [ValidateNotNull]
    public Hashtable? Label { get; set; }

    /// <summary>Labels to have instead of all others.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ReplaceSet, HelpMessage = "Labels to have instead of all others.")]
    [ValidateNotNull]
    public Hashtable? ReplaceLabel { get; set; }

    /// <summary>Return the changed blob.</summary>
    [Parameter(HelpMessage = "Return the changed blob.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        LabelChange? change = null;
        OrEnd(() => change = LabelChange.From(Label, ReplaceLabel));
        ForEachContent((one, session, connection) =>
        {
            if (!change!.IsWanted(At(session, Words(one)), ShouldProcess))
            {
                return;
            }

            Await(token => connection.Content.SetLabelsAsync(one, change.Values, change.ReplaceAll, token));
            if (PassThru && Await(token => connection.Content.FindAsync(one.Namespace, one.Digest, token)) is { } changed)
            {
                changed.Session = session;
                changed.Kind = changed.Kind == CtrContentKind.Unknown
                    ? Kinds(session, connection, one.Namespace).GetValueOrDefault(one.Digest)
                    : changed.Kind;
                WriteObject(changed);
            }
        });
    }

    /// <summary>What the blobs of a namespace are, as Get-CtrContent tells it: most are what others say of them. Listed once.</summary>
    private Dictionary<string, CtrContentKind> Kinds(CtrSession session, ICtrConnection connection, string name)
    {
        if (!_kinds.TryGetValue((session, name), out Dictionary<string, CtrContentKind>? kinds))
        {
            kinds = Await(token => connection.Content.ListAsync(name, mediaTypes: false, token))
                .ToDictionary(one => one.Digest, one => one.Kind, StringComparer.Ordinal);
            _kinds[(session, name)] = kinds;
        }

        return kinds;
    }
}
