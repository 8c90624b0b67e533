using System.Collections;
using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Set-CtrNamespace: changes labels of namespaces.</summary>
[Cmdlet(VerbsCommon.Set, "CtrNamespace", SupportsShouldProcess = true, DefaultParameterSetName = ChangeSet)]
[OutputType(typeof(CtrNamespace))]
public sealed class SetCtrNamespaceCommand : CtrSessionCmdlet
{
    private const string ChangeSet = "Change";
    private const string ReplaceSet = "Replace";

    /// <summary>The namespaces. Wildcards.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The namespaces. Wildcards are allowed.")]
    [Alias("Namespace")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrNamespaceIdentity[] Name { get; set; } = [];

    /// <summary>Labels to set; an empty or null value removes the label. Others stay.</summary>
    [Parameter(
        Position = 1, Mandatory = true, ParameterSetName = ChangeSet,
        HelpMessage = "Labels to set; an empty value removes the label. Others stay.")]
    [ValidateNotNull]
    public Hashtable? Label { get; set; }

    /// <summary>Labels to have instead of all others.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ReplaceSet, HelpMessage = "Labels to have instead of all others.")]
    [ValidateNotNull]
    public Hashtable? ReplaceLabel { get; set; }

    /// <summary>Return the changed namespace.</summary>
    [Parameter(HelpMessage = "Return the changed namespace.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrNamespaceIdentity wanted in Name)
        {
            Guard(wanted, () => Change(wanted, LabelChange.From(Label, ReplaceLabel)));
        }
    }

    private void Change(CtrNamespaceIdentity wanted, LabelChange change)
    {
        CtrSession session = SessionOf(wanted.Session, $"Namespace '{wanted.Name}'");
        ICtrConnection connection = Connect(session);
        foreach (string name in Await(token => NamespaceFinder.NamesAsync(connection, session.Address, wanted, token)))
        {
            Guard(name, () => Change(name, session, connection, change));
        }
    }

    private void Change(string name, CtrSession session, ICtrConnection connection, LabelChange change)
    {
        if (!change.IsWanted($"namespace '{name}' at '{session.Address}'", ShouldProcess))
        {
            return;
        }

        CtrNamespace changed = Await(token => connection.Namespaces.SetLabelsAsync(name, change.Values, change.ReplaceAll, token));
        if (PassThru)
        {
            changed.Session = session;
            WriteObject(changed);
        }
    }
}
