using System.Management.Automation;
using CtrPS.Files;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter for paths of archives see bytes that come in their place: PowerShell would make each of them a path of digits. The cmdlet refuses
/// what they become, once.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ArchivePathTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is byte or byte[] ? new[] { ArchivePaths.Bytes } : inputData;
}
