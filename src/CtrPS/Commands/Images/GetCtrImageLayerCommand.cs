using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Get-CtrImageLayer: the layers of images, whether they are here and unpacked, and who shares them.</summary>
[Cmdlet(VerbsCommon.Get, "CtrImageLayer")]
[OutputType(typeof(CtrImageLayer))]
public sealed class GetCtrImageLayerCommand : CtrImageLayersCmdlet
{
    private readonly Dictionary<(IImageInspector Inspector, string Namespace), CtrBlobUsers> _users = [];

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachPlatform(Platform, ReadAsync);

    private async Task<IReadOnlyList<CtrImageLayer>> ReadAsync(
        IImageInspector inspector, CtrImage image, CtrPlatform? platform, CancellationToken cancellationToken)
    {
        if (!_users.TryGetValue((inspector, image.Namespace), out CtrBlobUsers? users))
        {
            users = await inspector.ReadUsersAsync(image.Namespace, cancellationToken).ConfigureAwait(false);
            _users[(inspector, image.Namespace)] = users;
        }

        return await inspector.ReadLayersAsync(image, platform, Snapshotter, users, cancellationToken).ConfigureAwait(false);
    }
}
