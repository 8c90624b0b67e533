using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrPlugin: the daemon's plugins and how they came up.</summary>
[Cmdlet(VerbsCommon.Get, "CtrPlugin")]
[OutputType(typeof(CtrPlugin))]
public sealed class GetCtrPluginCommand : CtrSessionCmdlet
{
    /// <summary>Names, such as overlayfs. Wildcards.</summary>
    [Parameter(Position = 0, HelpMessage = "Names of plugins, such as overlayfs. Wildcards are allowed.")]
    [Alias("Name")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Id { get; set; }

    /// <summary>Kinds, such as io.containerd.snapshotter.v1. Wildcards.</summary>
    [Parameter(HelpMessage = "Kinds of plugins, such as io.containerd.snapshotter.v1. Wildcards are allowed.")]
    [ArgumentCompleter(typeof(PluginTypeCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Type { get; set; }

    /// <summary>How they came up.</summary>
    [Parameter(HelpMessage = "How the plugins came up.")]
    public CtrPluginStatus[]? Status { get; set; }

    /// <summary>containerd's own filters.</summary>
    [Parameter(HelpMessage = "Filters in containerd's own language, such as 'type==io.containerd.snapshotter.v1'.")]
    [ValidateNotNullOrEmpty]
    public string[] Filter { get; set; } = [];

    /// <inheritdoc/>
    private protected override void OnEnd() => Guard(null, () =>
    {
        CtrSession session = TargetSession;
        ICtrConnection connection = Connect(session);
        var missing = new HashSet<string>((Id ?? []).Where(id => !WildcardPattern.ContainsWildcardCharacters(id)), StringComparer.OrdinalIgnoreCase);
        foreach (CtrPlugin plugin in Await(token => connection.Server.ListPluginsAsync(Filter, token)))
        {
            if (Matches(Id, plugin.Id) && Matches(Type, plugin.Type) && (Status is null || Status.Contains(plugin.Status)))
            {
                _ = missing.Remove(plugin.Id);
                plugin.Session = session;
                WriteObject(plugin);
            }
        }

        foreach (string id in missing)
        {
            string that = Type is null && Status is null && Filter.Length == 0 ? "" : " that matches";
            Guard(id, () => throw new CtrException(
                CtrErrorIds.NotFound, CtrStatus.NotFound, $"There is no plugin '{id}'{that} at '{session.Address}'.")
            {
                Target = id,
                RecommendedAction = "List all plugins with Get-CtrPlugin.",
            });
        }
    });

    private static bool Matches(string[]? patterns, string text) =>
        patterns is null || patterns.Any(pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(text));
}
