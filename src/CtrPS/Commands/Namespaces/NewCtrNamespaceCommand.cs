using System.Collections;
using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>New-CtrNamespace: makes namespaces.</summary>
[Cmdlet(VerbsCommon.New, "CtrNamespace", SupportsShouldProcess = true)]
[OutputType(typeof(CtrNamespace))]
public sealed class NewCtrNamespaceCommand : CtrSessionCmdlet
{
    /// <summary>Names.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Names of the new namespaces.")]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Labels.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Labels of the new namespaces.")]
    [Alias("Labels")]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (string name in Name)
        {
            Guard(name, () =>
            {
                _ = CtrIdentifier.RequireNamespace(name);
                var labels = Labels.From(Label)
                    .Where(label => label.Value is not null)
                    .ToDictionary(label => label.Key, label => label.Value!, StringComparer.Ordinal);
                CtrSession session = TargetSession;
                if (ShouldProcess($"namespace '{name}' at '{session.Address}'", "Create"))
                {
                    CtrNamespace made = Await(token => Connect(session).Namespaces.CreateAsync(name, labels, token));
                    made.Session = session;
                    WriteObject(made);
                }
            });
        }
    }
}
